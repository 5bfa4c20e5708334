/** The client's estimate of the gateway's clock: browser clocks that are off or change, and late messages. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ManualClock} from '../../../test/support/manual-clock.ts';
import {until} from '../../../test/support/until.ts';
import {createGatewayClock} from '../src/gateway-clock.ts';
import {type ClientClock, createClient, liveDuration} from '../src/index.ts';
import {call, ready, ScriptedServer, snapshot, status} from './support/scripted-server.ts';
import {phase} from './support/watch.ts';

const MINUTE = 60_000;
const iso = (ms: number) => new Date(ms).toISOString();

/** The gateway's clock, and a browser's clock that is off by `skewMs` and can be set. */
class Clocks implements ClientClock {
  readonly gateway = new ManualClock();
  readonly #browser: ManualClock;
  /** The time the machine has slept, during which its monotonic clock stood still. */
  #sleptMs = 0;

  constructor(skewMs: number) {
    this.#browser = new ManualClock(this.gateway.now() + skewMs);
  }

  now = () => this.#browser.now();
  monotonic = () => this.#browser.monotonic() - this.#sleptMs;
  after = (ms: number, fn: () => void) => this.#browser.after(ms, fn);

  advance(ms: number): void {
    this.gateway.advance(ms);
    this.#browser.advance(ms);
  }

  setBrowser(ms: number): void {
    this.#browser.jumpWall(ms);
  }

  sleep(ms: number): void {
    this.advance(ms);
    this.#sleptMs += ms;
  }
}

function setUp(skewMs: number) {
  const clocks = new Clocks(skewMs);
  const changes: number[] = [];
  const clock = createGatewayClock(clocks, () => changes.push(clock.offset()));
  /** Delivers a message that was sent `latencyMs` ago. */
  const hear = (latencyMs: number, first = false) =>
    clock.observe(iso(clocks.gateway.now() - latencyMs), first);
  return {clocks, clock, changes, hear, errorMs: () => clock.now() - clocks.gateway.now()};
}

for (const minutes of [14, -3, 0.5, -60 * 24 * 365]) {
  test(`a browser that is ${minutes} min off: right from the first message on`, () => {
    const {clocks, clock, changes, hear, errorMs} = setUp(minutes * MINUTE);
    assert.equal(clock.now(), clocks.now());
    hear(80, true);
    assert.equal(errorMs(), -80);
    assert.deepEqual(changes, [-minutes * MINUTE - 80]);
    clocks.advance(45 * MINUTE);
    assert.equal(errorMs(), -80);
  });
}

test('the message with the least latency counts, and a late message changes and reports nothing', () => {
  const {clocks, changes, hear, errorMs} = setUp(14 * MINUTE);
  hear(400, true);
  hear(30);
  assert.equal(errorMs(), -30);
  assert.equal(changes.length, 2);
  for (const latencyMs of [900, 3000, 50_000, 31]) {
    clocks.advance(1000);
    hear(latencyMs);
    assert.equal(errorMs(), -30);
  }
  assert.equal(changes.length, 2);
});

test("setting the machine's clock while the page is open changes nothing", () => {
  const {clocks, hear, errorMs} = setUp(14 * MINUTE);
  hear(20, true);
  for (const ms of [-14 * MINUTE, 3 * MINUTE, -60 * MINUTE]) {
    clocks.setBrowser(ms);
    assert.equal(errorMs(), -20);
    clocks.advance(25_000);
    hear(50);
    assert.equal(errorMs(), -20);
  }
});

test("setting the gateway's clock: forward at once, far back at once, slightly back within three minutes", () => {
  const {clocks, hear, errorMs} = setUp(-3 * MINUTE);
  hear(20, true);
  clocks.gateway.jumpWall(5 * MINUTE);
  hear(20);
  assert.equal(errorMs(), -20);
  clocks.gateway.jumpWall(-8 * MINUTE);
  hear(20);
  assert.equal(errorMs(), -20);
  clocks.gateway.jumpWall(-4000);
  for (let passed = 0; passed <= 3 * MINUTE; passed += 25_000) {
    clocks.advance(25_000);
    hear(20);
  }
  assert.equal(errorMs(), -20);
});

test('after the machine has slept, the next message corrects the time', () => {
  const {clocks, hear, errorMs} = setUp(0);
  hear(20, true);
  clocks.sleep(60 * MINUTE);
  hear(40, true);
  assert.equal(errorMs(), -40);
});

test('a new session follows a node with another clock, but not a slow first message', () => {
  const {clocks, hear, errorMs} = setUp(14 * MINUTE);
  hear(20, true);
  clocks.advance(MINUTE);
  hear(2000, true);
  assert.equal(errorMs(), -20);
  clocks.gateway.jumpWall(-9000);
  hear(20, true);
  assert.equal(errorMs(), -20);
});

test('an invalid timestamp changes nothing', () => {
  const {clock, clocks, changes} = setUp(MINUTE);
  for (const odd of ['', 'yesterday', undefined, null, 'NaN']) clock.observe(odd as string, true);
  assert.equal(clock.now(), clocks.now());
  assert.deepEqual(changes, []);
});

for (const minutes of [14, -3]) {
  test(`client.now() and a duration, with a browser ${minutes} min off, through old entries and a reconnect`, async () => {
    const clocks = new Clocks(minutes * MINUTE);
    const {gateway} = clocks;
    const at = gateway.now();
    const talking = {status: 'in-progress', providerStatus: 'in-progress'};
    await using server = await ScriptedServer.start(({send}, index) => {
      send(ready({timestamp: iso(gateway.now()), recovered: index > 0, heartbeatMs: 25_000}));
      if (index === 0) {
        send(snapshot(5, [call(1, {...talking, answeredAt: iso(at - MINUTE), createdAt: iso(at - 61_000)})]));
        return;
      }
      // Replayed messages: one is old, and one was stamped by a clock ahead of the gateway's.
      send(status(2, 6, {timestamp: iso(at - 60 * MINUTE)}));
      send(status(2, 7, {...talking, timestamp: iso(at + 30 * MINUTE)}));
      send({type: 'session.heartbeat', offset: 7, timestamp: iso(gateway.now())});
    });
    await using client = createClient({
      url: server.url,
      token: 'key',
      clock: clocks,
      random: () => 0.5,
      connect: 'now',
    });
    assert.equal(client.now(), clocks.now());
    const told: number[] = [];
    client.clockOffset.subscribe(() => told.push(client.clockOffset.getSnapshot()));
    await phase(client, 'live');
    const duration = () => {
      const [first] = client.calls.getSnapshot().filter(({callSid}) => callSid === 'CA1');
      return first && liveDuration(first, client.now());
    };
    assert.equal(client.now(), gateway.now());
    assert.equal(duration(), 60);
    clocks.advance(5000);
    clocks.setBrowser(-7 * MINUTE);
    assert.equal(duration(), 65);
    server.sessions[0]?.socket.close(1001);
    await phase(client, 'waiting');
    clocks.advance(1000);
    assert.equal(duration(), 66);
    await phase(client, 'live');
    assert.equal(client.call('CA2').getSnapshot()?.offset, 7);
    assert.equal(client.now(), gateway.now());
    assert.deepEqual(told, [-minutes * MINUTE, -minutes * MINUTE + 7 * MINUTE]);
  });
}

test('refusals, accepted commands and expiry announcements also measure the clock', async () => {
  const clocks = new Clocks(14 * MINUTE);
  await using server = await ScriptedServer.start(({send}) => {
    send(ready({timestamp: iso(clocks.gateway.now())}));
    send(snapshot(5));
  });
  await using client = createClient({url: server.url, token: 'key', clock: clocks, connect: 'now'});
  await phase(client, 'live');
  const messages = [
    {type: 'error', code: 'rate_limited', message: '', context: {}},
    {type: 'call.action.accepted', action: 'disconnect', callSid: 'CA1'},
    {type: 'session.expiring', expiresAt: iso(clocks.gateway.now() + MINUTE)},
    {type: 'session.draining', afterMs: 5000},
    {type: 'session.heartbeat', offset: 5},
  ];
  for (const message of messages) {
    clocks.gateway.jumpWall(1000);
    const timestamp = iso(clocks.gateway.now());
    server.sessions[0]?.send({...message, timestamp});
    await until(() => client.now() === clocks.gateway.now(), {what: message.type});
  }
});

test('the duration of an ended call, or of a call with an unknown end, does not change', () => {
  const answeredAt = '2026-01-01T00:00:00.000Z';
  const now = Date.parse(answeredAt) + 3_600_000;
  assert.equal(liveDuration({}, now), 0);
  assert.equal(liveDuration({answeredAt}, now), 3600);
  assert.equal(liveDuration({answeredAt}, now - 7_200_000), 0);
  assert.equal(liveDuration({answeredAt, duration: 12}, now), 12);
  assert.equal(liveDuration({answeredAt, endedAt: '2026-01-01T00:00:09.000Z'}, now), 9);
  const updatedAt = '2026-01-01T00:00:20.000Z';
  assert.equal(liveDuration({answeredAt, ended: true, updatedAt}, now), 20);
  assert.equal(liveDuration({answeredAt, ended: false, updatedAt}, now), 3600);
});
