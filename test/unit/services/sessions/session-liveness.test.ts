/** Heartbeats, silence, stalls and expiry on a manual clock, with a scripted socket. */
import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {MAX_UNSENT_BYTES, type ServerMessage} from '@hookswitch/protocol';
import {pino} from 'pino';
import type {Principal} from '../../../../src/auth/authenticator.ts';
import {openJournal} from '../../../../src/journal/open-journal.ts';
import {createMetrics} from '../../../../src/observability/metrics.ts';
import {LiveFeed} from '../../../../src/services/feed/live-feed.ts';
import {SessionService} from '../../../../src/services/session-service.ts';
import type {SessionSocket} from '../../../../src/services/sessions/session.ts';
import {ManualClock} from '../../../support/manual-clock.ts';
import {decodeFrame} from '../../../support/websocket/raw-websocket.ts';

/** Accepts all writes, and keeps as many bytes unsent as the test sets. */
class ScriptedSocket implements SessionSocket {
  unsentBytes = 0;
  drainMark = 0;
  pings: number[] = [];
  closeCode: number | undefined;
  readonly messages: ServerMessage[] = [];
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  write(...frames: readonly Buffer[]): void {
    let bytes = Buffer.concat(frames);
    for (let next = decodeFrame(bytes); next !== undefined; next = decodeFrame(bytes)) {
      this.messages.push(JSON.parse(next.frame.payload.toString()) as ServerMessage);
      bytes = bytes.subarray(next.size);
    }
  }

  ping(): void {
    this.pings.push(this.#clock.monotonic());
  }

  close(code: number): void {
    this.closeCode = code;
  }

  terminate(): void {}
}

interface Stage extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly sessions: SessionService;
  open(principal?: Partial<Principal>): {session: ReturnType<SessionService['open']>; socket: ScriptedSocket};
}

async function setUp(sessionTimeoutMs = 35_000): Promise<Stage> {
  const clock = new ManualClock();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-watch-'));
  const journal = openJournal(`file:${path.join(folder, 'hookswitch.db')}`, {clock});
  const {epoch} = await journal.open();
  const common = {clock, journal, logger: pino({level: 'silent'}), metrics: createMetrics()};
  const feed = new LiveFeed(common);
  await feed.start();
  const limits = {sessionTimeoutMs, maxSessions: 10_000};
  const sessions = new SessionService({...common, ...limits, feed, epoch: () => epoch});
  sessions.start();
  return {
    clock,
    sessions,
    open: (principal = {}) => {
      const socket = new ScriptedSocket(clock);
      const peer = {address: '127.0.0.1', protocol: ''};
      const all: Principal = {user: 'ann', scopes: new Set(['calls:read']), ...principal};
      return {socket, session: sessions.open({socket, peer, principal: all})};
    },
    [Symbol.asyncDispose]: async () => {
      sessions.stop();
      feed.stop();
      await journal.close();
      await rm(folder, {recursive: true, force: true});
    },
  };
}

test('[W6] a heartbeat is sent at least every 25 s, each with a ping, the offset and the time', async () => {
  await using stage = await setUp();
  const {socket, session} = stage.open();
  for (let second = 0; second < 300; second += 1) {
    stage.clock.advance(1000);
    stage.sessions.handleActivity(session, 'pong');
  }
  const heartbeats = socket.messages.filter((message) => message.type === 'session.heartbeat');
  assert.equal(heartbeats.length, socket.pings.length);
  for (const [index, at] of socket.pings.entries()) {
    const gap = at - (socket.pings[index - 1] ?? 0);
    assert.ok(gap <= 25_000 && gap >= 12_000, `${gap} ms between heartbeats`);
  }
  assert.ok(socket.pings.length >= 12);
  assert.deepEqual(heartbeats[0]?.offset, 0);
  assert.equal(Date.parse(heartbeats[0]?.timestamp ?? ''), Date.UTC(2026, 0, 1) + (socket.pings[0] ?? 0));
});

test('[W6] sessions that opened together do not send heartbeats together', async () => {
  await using stage = await setUp();
  const all = Array.from({length: 200}, () => stage.open());
  for (let second = 0; second < 25; second += 1) stage.clock.advance(1000);
  const busiest = new Map<number, number>();
  for (const {socket} of all) {
    const at = socket.pings[0] ?? 0;
    busiest.set(at, (busiest.get(at) ?? 0) + 1);
  }
  assert.ok(busiest.size >= 8, `spread over only ${busiest.size} seconds`);
  assert.ok(Math.max(...busiest.values()) < 60);
  assert.ok(all.every(({socket}) => socket.pings.length >= 1));
});

test('every session is checked within a second, but not all in one turn', async () => {
  await using stage = await setUp();
  const all = Array.from({length: 105}, () => stage.open());
  const closed = () => all.filter(({socket}) => socket.closeCode === 4408).length;
  stage.clock.advance(35_000);
  assert.ok(closed() > 0 && closed() <= 11, `${closed()} at once`);
  stage.clock.advance(900);
  assert.equal(closed(), all.length);
});

test('[W9] pongs keep alive a session that has never sent a heartbeat', async () => {
  await using stage = await setUp();
  const {socket, session} = stage.open();
  for (let round = 0; round < 10; round += 1) {
    stage.clock.advance(30_000);
    assert.equal(socket.closeCode, undefined);
    stage.sessions.handleActivity(session, 'pong');
  }
  stage.clock.advance(34_000);
  assert.equal(socket.closeCode, undefined);
  stage.clock.advance(1000);
  assert.equal(socket.closeCode, 4408);
});

test('[W9] a session that has sent a heartbeat is judged by its messages, and pongs do not keep it alive', async () => {
  await using stage = await setUp();
  const {socket, session} = stage.open();
  stage.sessions.handleActivity(session, 'heartbeat');
  stage.clock.advance(20_000);
  stage.sessions.handleActivity(session, 'pong');
  stage.clock.advance(14_000);
  assert.equal(socket.closeCode, undefined);
  stage.sessions.handleActivity(session, 'message');
  stage.clock.advance(20_000);
  stage.sessions.handleActivity(session, 'pong');
  stage.clock.advance(14_000);
  assert.equal(socket.closeCode, undefined);
  stage.clock.advance(1000);
  assert.equal(socket.closeCode, 4408);
});

test('[W9] SESSION_TIMEOUT_MS sets the allowed silence and with it the heartbeat interval', async () => {
  await using stage = await setUp(7000);
  const {socket} = stage.open();
  assert.equal(socket.messages[0]?.type === 'session.ready' && socket.messages[0].heartbeatMs, 5000);
  stage.clock.advance(6900);
  assert.equal(socket.pings.length >= 1, true);
  assert.equal(socket.closeCode, undefined);
  stage.clock.advance(400);
  assert.equal(socket.closeCode, 4408);
});

test('a jump of the wall clock closes no session', async () => {
  await using stage = await setUp();
  const {socket} = stage.open();
  stage.clock.jumpWall(24 * 60 * 60 * 1000);
  stage.clock.advance(20_000);
  stage.clock.jumpWall(-48 * 60 * 60 * 1000);
  stage.clock.advance(10_000);
  assert.equal(socket.closeCode, undefined);
});

test('[A4] session.expiring is sent once, 60 s ahead, and the session closes with 4401', async () => {
  await using stage = await setUp(3_500_000);
  const expiresAt = stage.clock.now() + 600_000;
  const {socket} = stage.open({expiresAt});
  const notices = () => socket.messages.filter((message) => message.type === 'session.expiring');
  stage.clock.advance(538_000);
  assert.equal(notices().length, 0);
  stage.clock.advance(3000);
  assert.equal(notices().length, 1);
  assert.equal(Date.parse(notices()[0]?.expiresAt ?? ''), expiresAt);
  stage.clock.advance(58_000);
  assert.equal(notices().length, 1);
  assert.equal(socket.closeCode, undefined);
  stage.clock.advance(2000);
  assert.equal(socket.closeCode, 4401);
});

test('[A4] [W10] a refresh extends the session, and its expiry is announced again', async () => {
  await using stage = await setUp(3_500_000);
  const {socket, session} = stage.open({expiresAt: stage.clock.now() + 100_000});
  stage.clock.advance(50_000);
  stage.sessions.refresh(session, {...session.principal, expiresAt: stage.clock.now() + 300_000});
  stage.clock.advance(230_000);
  assert.equal(socket.closeCode, undefined);
  stage.clock.advance(20_000);
  assert.equal(socket.messages.filter(({type}) => type === 'session.expiring').length, 2);
  stage.clock.advance(60_000);
  assert.equal(socket.closeCode, 4401);
});

for (const [jump, ms] of [
  ['a day back', -86_400_000],
  ['half a minute back', -30_000],
  ['nowhere', 0],
  ['half a minute forward', 30_000],
  ['a day forward', 86_400_000],
] as const)
  test(`[A4] a token expires in time although the wall clock jumps ${jump}`, async () => {
    await using stage = await setUp(3_500_000);
    const {socket} = stage.open({expiresAt: stage.clock.now() + 300_000});
    stage.clock.advance(100_000);
    stage.clock.jumpWall(ms);
    const leftMs = Math.max(0, Math.min(200_000, 200_000 - ms));
    for (let second = 0; second * 1000 < leftMs - 1000; second += 1) {
      assert.equal(socket.closeCode, undefined, `${second} s`);
      stage.clock.advance(1000);
    }
    stage.clock.advance(3000);
    assert.equal(socket.closeCode, 4401);
    const [notice, ...more] = socket.messages.filter((message) => message.type === 'session.expiring');
    assert.deepEqual(more, []);
    assert.equal(
      notice === undefined,
      ms === 86_400_000,
      'no announcement for a token that has already expired',
    );
    if (notice === undefined) return;
    const announced = Date.parse(notice.expiresAt) - Date.parse(notice.timestamp);
    assert.ok(announced <= 60_000 && announced > 58_000, `${announced} ms ahead`);
  });

test('[A4] a clock jump after a refresh counts from the time of the refresh', async () => {
  await using stage = await setUp(3_500_000);
  const {socket, session} = stage.open({expiresAt: stage.clock.now() + 100_000});
  stage.clock.jumpWall(-3_600_000);
  stage.clock.advance(50_000);
  stage.sessions.refresh(session, {...session.principal, expiresAt: stage.clock.now() + 200_000});
  stage.clock.jumpWall(-3_600_000);
  stage.clock.advance(199_000);
  assert.equal(socket.closeCode, undefined);
  stage.clock.advance(2000);
  assert.equal(socket.closeCode, 4401);
});

test('[A4] a clock jump does not end a token without expiry', async () => {
  await using stage = await setUp(3_500_000);
  const {socket} = stage.open();
  for (const ms of [86_400_000_000, -172_800_000_000]) {
    stage.clock.jumpWall(ms);
    stage.clock.advance(60_000);
  }
  assert.equal(socket.closeCode, undefined);
});

test('[W10] a refresh sends a snapshot only if it changes the visible calls, and a closed session refuses it', async () => {
  await using stage = await setUp();
  const {socket, session} = stage.open();
  const snapshots = () => socket.messages.filter(({type}) => type === 'call.snapshot').length;
  const before = snapshots();
  stage.sessions.refresh(session, {...session.principal, expiresAt: stage.clock.now() + 300_000});
  assert.equal(snapshots(), before);
  stage.sessions.refresh(session, {...session.principal, scopes: new Set()});
  assert.equal(snapshots(), before + 1);
  stage.sessions.close(session, 'unauthorized');
  stage.sessions.refresh(session, {...session.principal, scopes: new Set(['calls:read:all'])});
  assert.deepEqual([...session.principal.scopes], []);
});

test('[W13] a socket drains when the kernel takes any byte, not only a whole write', async () => {
  await using stage = await setUp();
  const {socket, session} = stage.open();
  socket.unsentBytes = MAX_UNSENT_BYTES + 1;
  stage.sessions.subscribe(session, 'all', 'r');
  assert.equal(session.state.phase, 'blocked');
  for (let round = 0; round < 10; round += 1) {
    socket.drainMark += 1;
    stage.clock.advance(29_000);
    assert.equal(socket.closeCode, undefined);
  }
  stage.clock.advance(3000);
  assert.equal(socket.closeCode, 4413);
});

test('[W13] a blocked session gets no more data: no heartbeat and no snapshot', async () => {
  await using stage = await setUp();
  const {socket, session} = stage.open();
  socket.unsentBytes = MAX_UNSENT_BYTES + 1;
  stage.sessions.subscribe(session, [], 'r');
  const written = socket.messages.length;
  stage.clock.advance(29_000);
  assert.equal(socket.messages.length, written);
  assert.deepEqual(socket.pings, []);
  socket.unsentBytes = 0;
  stage.sessions.handleDrain(session);
  assert.equal(socket.messages.length, written + 1);
});

test('[W9] [W13] a session that was blocked for minutes is not silent at the moment its backlog has drained', async () => {
  await using stage = await setUp();
  const {socket, session} = stage.open();
  socket.unsentBytes = MAX_UNSENT_BYTES + 1;
  stage.sessions.subscribe(session, 'all');
  for (let round = 0; round < 6; round += 1) {
    socket.drainMark += 1000;
    stage.clock.advance(20_000);
  }
  socket.unsentBytes = 0;
  stage.sessions.handleDrain(session);
  stage.clock.advance(1000);
  assert.equal(socket.closeCode, undefined);
  assert.equal(socket.pings.length, 1);
  stage.clock.advance(34_000);
  assert.equal(socket.closeCode, 4408);
});

test('[W9] a draining backlog counts as activity while a pong waits behind it on a slow link', async () => {
  await using stage = await setUp();
  const {socket} = stage.open();
  socket.unsentBytes = MAX_UNSENT_BYTES - 1;
  for (let second = 0; second < 90; second += 1) {
    socket.drainMark += 2000;
    stage.clock.advance(1000);
  }
  assert.equal(socket.closeCode, undefined);
  stage.clock.advance(36_000);
  assert.equal(socket.closeCode, 4408);
});

test('[W13] a session that sends requests without reading is closed at twice the limit', async () => {
  await using stage = await setUp();
  const {socket, session} = stage.open();
  const error = {
    type: 'error',
    code: 'internal',
    message: '',
    context: {},
    timestamp: '2026-01-01T00:00:00Z',
  } as const;
  socket.unsentBytes = 2 * MAX_UNSENT_BYTES;
  stage.sessions.send(session, error);
  assert.equal(socket.closeCode, undefined);
  socket.unsentBytes += 1;
  stage.sessions.send(session, error);
  assert.equal(socket.closeCode, 4413);
});

test('closing sessions are skipped, and stopping leaves no timer', async () => {
  const stage = await setUp();
  const before = stage.clock.timerCount;
  const {socket, session} = stage.open({expiresAt: stage.clock.now() + 1000});
  stage.sessions.close(session, 'forbidden');
  stage.clock.advance(120_000);
  assert.equal(socket.closeCode, 4403);
  assert.deepEqual(socket.pings, []);
  stage.sessions.handleClose(session, 1006);
  assert.equal(stage.sessions.openCount, 0);
  stage.clock.advance(120_000);
  assert.equal(stage.clock.timerCount, before);
  await stage[Symbol.asyncDispose]();
  assert.equal(stage.clock.timerCount, 0);
});
