/** When sessions are asked to go, by a clock that the test moves. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {CloseReason, ServerMessage} from '@hookswitch/protocol';
import {Session} from '../../../src/services/sessions/session.ts';
import {LEAD_MS, MAX_SPREAD_MS, SessionDrain} from '../../../src/services/sessions/session-drain.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {until} from '../../support/until.ts';

interface Leaving {
  readonly id: string;
  /** Monotonic ms. */
  readonly at: number;
}

function setUp(count: number) {
  const clock = new ManualClock();
  const sessions = new Map<string, Session>();
  /** Monotonic ms by which each was told to come back. */
  const told = new Map<string, number>();
  const left: Leaving[] = [];
  const drain = new SessionDrain({
    clock,
    sessions,
    send: ({id}: Session, message: ServerMessage) => {
      assert.ok(message.type === 'session.draining');
      assert.ok(!told.has(id), `${id} is told twice`);
      told.set(id, clock.monotonic() + message.afterMs);
    },
    close: ({id}: Session, reason: CloseReason) => {
      assert.equal(reason, 'going-away');
      sessions.delete(id);
      left.push({id, at: clock.monotonic()});
    },
  });
  const open = () => {
    const id = `s${sessions.size + left.length}`;
    const session = new Session({
      id,
      principal: {user: 'ann', scopes: new Set()},
      socket: {unsentBytes: 0, drainMark: 0, write() {}, ping() {}, close() {}, terminate() {}},
      peer: {address: '127.0.0.1', protocol: ''},
      now: clock.now(),
      monotonic: clock.monotonic(),
    });
    sessions.set(id, session);
    drain.handleOpen(session);
    return id;
  };
  for (let index = 0; index < count; index += 1) open();
  return {clock, sessions, told, left, drain, open};
}

/** How many left in each second. */
function perSecond(left: readonly Leaving[]): number[] {
  const seconds: number[] = [];
  for (const {at} of left) {
    const second = Math.floor(at / 1000);
    seconds[second] = (seconds[second] ?? 0) + 1;
  }
  return seconds;
}

test('[W15] twelve thousand are handed over within 30 s, evenly, each when it was told', async () => {
  const {clock, sessions, told, left, drain} = setUp(12_000);
  const begun = drain.begin({handOver: true});
  await until(() => told.size === 12_000, {what: 'everybody to be told'});
  assert.equal(left.length, 0);
  clock.advance(LEAD_MS - 100);
  assert.equal(left.length, 0, 'nobody is sent away before balancers have noticed');
  assert.ok(drain.admits);
  clock.advance(MAX_SPREAD_MS + 200);
  await begun;
  assert.equal(sessions.size, 0);
  for (const {id, at} of left) assert.ok(Math.abs(at - (told.get(id) ?? 0)) <= 51, `${id} at ${at}`);
  const busy = perSecond(left).filter((count) => count > 0);
  assert.ok(Math.max(...busy) < 700, busy.join(' '));
});

test('[W15] a few go as soon as another node has them for sure', () => {
  const {clock, left, told, drain} = setUp(3);
  void drain.begin({handOver: true});
  assert.equal(told.size, 3);
  clock.advance(LEAD_MS + 100);
  assert.equal(left.length, 3);
});

test('[W15] one that comes while others are told to go is served until its turn, and later ones are not let in', async () => {
  const {clock, left, told, drain, open} = setUp(1);
  let over = false;
  const begun = drain.begin({handOver: true}).then(() => {
    over = true;
  });
  clock.advance(LEAD_MS / 2);
  assert.ok(drain.admits);
  const late = open();
  assert.ok((told.get(late) ?? 0) >= LEAD_MS);
  assert.ok(!over);
  clock.advance(LEAD_MS / 2);
  assert.equal(drain.admits, false);
  await begun;
  clock.advance(1000);
  assert.deepEqual(new Set(left.map(({id}) => id)), new Set(['s0', late]));
});

test('[W15] where nobody takes them over all go at once; few without a word, many with a time to come back', async () => {
  const few = setUp(400);
  await few.drain.begin();
  await until(() => few.sessions.size === 0);
  assert.equal(few.told.size, 0);
  assert.equal(few.drain.admits, false);
  const many = setUp(5000);
  await many.drain.begin();
  await until(() => many.sessions.size === 0);
  assert.equal(many.told.size, 5000);
  // Told in whole milliseconds: the last one's 9999.6 is 10000.
  const back = perSecond([...many.told].map(([id, at]) => ({id, at: Math.max(0, at - 0.5)})));
  assert.equal(back.length, 10, back.join(' '));
  assert.ok(Math.max(...back) <= 510, back.join(' '));
});

test('a stop ends a drain that is under way', async () => {
  const {clock, left, drain} = setUp(2);
  const begun = drain.begin({handOver: true});
  drain.stop();
  await begun;
  assert.equal(drain.admits, false);
  clock.advance(60_000);
  assert.equal(left.length, 0);
  assert.equal(clock.timerCount, 0);
});
