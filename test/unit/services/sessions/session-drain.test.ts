/** When a drain closes each session, on a manual clock. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {CloseReason, ServerMessage} from '@hookswitch/protocol';
import {Session} from '../../../../src/services/sessions/session.ts';
import {LEAD_MS, MAX_SPREAD_MS, SessionDrain} from '../../../../src/services/sessions/session-drain.ts';
import {ManualClock} from '../../../support/manual-clock.ts';
import {until} from '../../../support/until.ts';

interface Leaving {
  readonly id: string;
  /** Monotonic ms. */
  readonly at: number;
}

function setUp(count: number) {
  const clock = new ManualClock();
  const sessions = new Map<string, Session>();
  /** For each session, the monotonic time in ms at which it may reconnect. */
  const reconnectAt = new Map<string, number>();
  const left: Leaving[] = [];
  const drain = new SessionDrain({
    clock,
    sessions,
    send: ({id}: Session, message: ServerMessage) => {
      assert.ok(message.type === 'session.draining');
      assert.ok(!reconnectAt.has(id), `${id} is asked twice`);
      reconnectAt.set(id, clock.monotonic() + message.afterMs);
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
  return {clock, sessions, reconnectAt, left, drain, open};
}

/** How many sessions left in each second. */
function perSecond(left: readonly Leaving[]): number[] {
  const seconds: number[] = [];
  for (const {at} of left) {
    const second = Math.floor(at / 1000);
    seconds[second] = (seconds[second] ?? 0) + 1;
  }
  return seconds;
}

test('[W15] twelve thousand sessions are handed over evenly within 30 s, each at its announced time', async () => {
  const {clock, sessions, reconnectAt, left, drain} = setUp(12_000);
  const begun = drain.begin({handOver: true});
  await until(() => reconnectAt.size === 12_000, {what: 'every session to be asked to reconnect'});
  assert.equal(left.length, 0);
  clock.advance(LEAD_MS - 100);
  assert.equal(left.length, 0, 'no session is closed before the load balancers have noticed');
  assert.ok(drain.admits);
  clock.advance(MAX_SPREAD_MS + 200);
  await begun;
  assert.equal(sessions.size, 0);
  for (const {id, at} of left) assert.ok(Math.abs(at - (reconnectAt.get(id) ?? 0)) <= 51, `${id} at ${at}`);
  const busy = perSecond(left).filter((count) => count > 0);
  assert.ok(Math.max(...busy) < 700, busy.join(' '));
});

test('[W15] a few sessions leave as soon as another node can certainly take them', () => {
  const {clock, left, reconnectAt, drain} = setUp(3);
  void drain.begin({handOver: true});
  assert.equal(reconnectAt.size, 3);
  clock.advance(LEAD_MS + 100);
  assert.equal(left.length, 3);
});

test('[W15] a session that opens during a drain is served until its turn, and later ones are refused', async () => {
  const {clock, left, reconnectAt, drain, open} = setUp(1);
  let over = false;
  const begun = drain.begin({handOver: true}).then(() => {
    over = true;
  });
  clock.advance(LEAD_MS / 2);
  assert.ok(drain.admits);
  const late = open();
  assert.ok((reconnectAt.get(late) ?? 0) >= LEAD_MS);
  assert.ok(!over);
  clock.advance(LEAD_MS / 2);
  assert.equal(drain.admits, false);
  await begun;
  clock.advance(1000);
  assert.deepEqual(new Set(left.map(({id}) => id)), new Set(['s0', late]));
});

test('[W15] without another node all sessions close at once: a few without a delay, many with a time to return', async () => {
  const few = setUp(400);
  await few.drain.begin();
  await until(() => few.sessions.size === 0);
  assert.equal(few.reconnectAt.size, 0);
  assert.equal(few.drain.admits, false);
  const many = setUp(5000);
  await many.drain.begin();
  await until(() => many.sessions.size === 0);
  assert.equal(many.reconnectAt.size, 5000);
  // The delay is announced in whole milliseconds: the last one's 9999.6 becomes 10000.
  const back = perSecond([...many.reconnectAt].map(([id, at]) => ({id, at: Math.max(0, at - 0.5)})));
  assert.equal(back.length, 10, back.join(' '));
  assert.ok(Math.max(...back) <= 510, back.join(' '));
});

test('a stop ends the current drain', async () => {
  const {clock, left, drain} = setUp(2);
  const begun = drain.begin({handOver: true});
  drain.stop();
  await begun;
  assert.equal(drain.admits, false);
  clock.advance(60_000);
  assert.equal(left.length, 0);
  assert.equal(clock.timerCount, 0);
});
