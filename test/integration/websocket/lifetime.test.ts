/**
 * The lifetime of a session: heartbeats, silence, tokens, drains and half-open connections (A4, W6, W9, W10).
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {closeReasons, retryAfter} from '@hookswitch/protocol';
import {startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {until} from '../../support/until.ts';
import type {TestClient} from '../../support/websocket/client.ts';
import {everyone, startSessionHost} from './session-host.ts';

async function infoOf(gateway: TestGateway, client: TestClient) {
  const {sessionId} = await client.ready();
  const {body} = await gateway.api('/api/sessions');
  return body.sessions.find((session: {sessionId: string}) => session.sessionId === sessionId);
}

/** Waits until the server has received a message of the client at the clock's current time. */
async function waitForActivity(gateway: TestGateway, clock: ManualClock, client: TestClient): Promise<void> {
  const now = new Date(clock.now()).toISOString();
  await until(async () => (await infoOf(gateway, client)).lastActivityAt === now, {what: 'a sign of life'});
}

/** Longer than the longest pause between two pings. */
const A_PERIOD_MS = 24_500;

test('[W6] [W9] a client that only answers pings stays, and gets a heartbeat at least every 25 s', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const client = await gateway.session();
  for (let round = 0; round < 6; round += 1) {
    clock.advance(A_PERIOD_MS);
    // A ping was sent in this period, and its pong arrives now.
    await waitForActivity(gateway, clock, client);
  }
  assert.equal(client.closeCode, undefined);
  const times = client.of('session.heartbeat').map(({timestamp}) => Date.parse(timestamp));
  assert.ok(times.length >= 4);
  for (const [index, time] of times.entries()) {
    assert.ok(time - (times[index - 1] ?? Date.UTC(2026, 0, 1)) <= 25_000);
  }
});

test('[W9] a client that answers nothing on a live TCP connection is closed with 4408', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const client = await gateway.session({autoPong: false});
  clock.advance(34_000);
  assert.ok(await infoOf(gateway, client));
  clock.advance(2000);
  assert.equal(await client.closed(), 4408);
});

test('[W9] after its first heartbeat a session is judged by its messages, and pongs do not keep it alive', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const client = await gateway.session();
  client.send({type: 'session.heartbeat'});
  client.send({type: 'call.subscribe', calls: 'all', requestId: 'seen'});
  await client.receive('call.snapshot', ({requestId}) => requestId === 'seen');
  clock.advance(A_PERIOD_MS);
  await waitForActivity(gateway, clock, client);
  clock.advance(35_000 - A_PERIOD_MS + 1000);
  assert.equal(await client.closed(), 4408);
});

test('[W9] its own heartbeats keep a client alive that answers no pings', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const client = await gateway.session({autoPong: false});
  for (let round = 0; round < 6; round += 1) {
    clock.advance(25_000);
    client.send({type: 'session.heartbeat'});
    await waitForActivity(gateway, clock, client);
  }
  assert.equal(client.closeCode, undefined);
});

const JSON_TOKENS = (clock: ManualClock) => ({
  short: {...everyone, user: 'ann', expiresAt: clock.now() + 90_000},
  fresh: {...everyone, user: 'ann', expiresAt: clock.now() + 900_000},
  bob: {...everyone, user: 'bob'},
});

test('[A4] session.expiring is sent 60 s before the token expires, followed by 4401', async () => {
  const clock = new ManualClock();
  await using host = await startSessionHost({clock, principals: JSON_TOKENS(clock)});
  const client = await host.session({token: 'short'});
  clock.advance(31_000);
  const notice = await client.receive('session.expiring');
  assert.equal(Date.parse(notice.expiresAt), Date.UTC(2026, 0, 1) + 90_000);
  client.send({type: 'session.heartbeat'});
  await until(
    () =>
      host.describe(client.of('session.ready')[0]?.sessionId)?.lastActivityAt ===
      new Date(clock.now()).toISOString(),
  );
  clock.advance(30_000);
  client.send({type: 'session.heartbeat'});
  await until(
    () =>
      host.describe(client.of('session.ready')[0]?.sessionId)?.lastActivityAt ===
      new Date(clock.now()).toISOString(),
  );
  assert.equal(client.closeCode, undefined);
  clock.advance(30_000);
  assert.equal(await client.closed(), 4401);
});

test('[W10] a valid token extends the session', async () => {
  const clock = new ManualClock();
  await using host = await startSessionHost({
    clock,
    sessionTimeoutMs: 3_600_000,
    principals: JSON_TOKENS(clock),
  });
  const client = await host.session({token: 'short'});
  client.send({type: 'session.refresh', token: 'fresh'});
  client.send({type: 'call.subscribe', calls: 'all', requestId: 'after'});
  await client.receive('call.snapshot', ({requestId}) => requestId === 'after');
  clock.advance(600_000);
  await host.append(1, 'ringing');
  await client.receive('call.status');
  assert.equal(client.of('session.expiring').length, 0);
  clock.advance(301_000);
  assert.equal(await client.closed(), 4401);
});

test("[W10] an invalid token closes with 4401, and another user's with 4403", async () => {
  const clock = new ManualClock();
  await using host = await startSessionHost({clock, principals: JSON_TOKENS(clock)});
  const bad = await host.session({token: 'short'});
  bad.send({type: 'session.refresh', token: 'nonsense'});
  assert.equal(await bad.closed(), 4401);
  const other = await host.session({token: 'short'});
  other.send({type: 'session.refresh', token: 'bob'});
  assert.equal(await other.closed(), 4403);
});

test('a drain closes with 1001, accepts no new session, and keeps a concurrent callback', async () => {
  await using gateway = await startGateway();
  const clients = await Promise.all(Array.from({length: 20}, () => gateway.session()));
  await gateway.place({to: '+15550100001'});
  await Promise.all(clients.map((client) => client.receive('call.status')));
  await gateway.restart();
  for (const client of clients) assert.equal(await client.closed(), 1001);
  const again = await gateway.session({resume: clients[0]?.position()});
  assert.equal((await again.ready()).recovered, true);
});

test('during a drain amid deliveries each client receives a prefix, and its resume delivers the rest', async () => {
  await using host = await startSessionHost();
  const clients = await Promise.all(Array.from({length: 300}, () => host.session()));
  const appended = host.appendCalls(200);
  await clients[0]?.receive('call.status');
  await host.sessions.drain();
  await appended;
  for (const client of clients) {
    assert.equal(await client.closed(), 1001);
    const offsets = client.of('call.status').map(({offset}) => offset);
    assert.deepEqual(
      offsets,
      Array.from({length: offsets.length}, (_, index) => index + 1),
    );
  }
});

test('a fault while writing to one session closes it with 4500, and the others are still served', async () => {
  await using host = await startSessionHost();
  const clients = await Promise.all([host.session(), host.session(), host.session()]);
  const [, failingId] = [...host.sessions.sessionList.list()].map(({sessionId}) => sessionId);
  const batch = host.feed.batch.bind(host.feed);
  let asked = 0;
  // Every session asks the feed for its own batch. The second session's request fails.
  host.feed.batch = (visibility, after) => {
    asked += 1;
    if (asked === 2) throw new Error('a fault');
    return batch(visibility, after);
  };
  await host.append(1, 'ringing');
  const failing = clients.find((client) => client.of('session.ready')[0]?.sessionId === failingId);
  assert.equal(await failing?.closed(), 4500);
  await host.append(2, 'ringing');
  for (const client of clients) {
    if (client !== failing) await client.receive('call.status', ({offset}) => offset === 2);
  }
});

test('a client that vanishes without a FIN is detected by its silence, and removed', async () => {
  const clock = new ManualClock();
  await using host = await startSessionHost({clock});
  const client = await host.rawSession();
  client.stopReading();
  clock.advance(36_000);
  await until(() => host.sessions.openCount === 0, {what: 'the session to be cut off'});
});

test("the close codes equal the contract's table", () => {
  const codes = Object.values(closeReasons).map(({code, retry}) => [code, retry]);
  assert.deepEqual(codes, [
    [1001, 'now'],
    [1009, 'never'],
    [4400, 'never'],
    [4401, 'with-new-token'],
    [4403, 'never'],
    [4408, 'backoff'],
    [4413, 'backoff'],
    [4429, 'backoff'],
    [4500, 'backoff'],
  ]);
  assert.equal(retryAfter(1006), 'backoff');
  for (const {text} of Object.values(closeReasons)) assert.ok(Buffer.byteLength(text) <= 123);
});

test('[W9] a gateway without sessions has no timer for them, and one that comes later is looked after', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  clock.advance(100);
  const timers = clock.timerCount;
  for (let round = 0; round < 2; round += 1) {
    const client = await gateway.session({autoPong: false});
    assert.equal(clock.timerCount, timers + 1);
    clock.advance(36_000);
    assert.equal(await client.closed(), 4408);
    await until(
      () => {
        clock.advance(100);
        return clock.timerCount === timers;
      },
      {what: 'the timer to be gone'},
    );
  }
});
