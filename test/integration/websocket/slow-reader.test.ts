/** Slow readers: bounded memory, no delay for other sessions, and no missed entry (W13). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MAX_UNSENT_BYTES} from '@hookswitch/protocol';
import {ManualClock} from '../../support/manual-clock.ts';
import {until} from '../../support/until.ts';
import {opcodes, type RawWebSocket} from '../../support/websocket/raw-websocket.ts';
import {type SessionHost, startSessionHost} from './session-host.ts';

/** Entries of about 4 KB, so that the kernel's own buffers fill quickly. */
const LONG = `sip:${'x'.repeat(4000)}@example.com`;

/** The limit of unsent bytes, plus the one write that exceeds it. */
const MOST_UNSENT = MAX_UNSENT_BYTES + 64 * 1024 + 8 * 1024;

/** Frames of `call.status` and their offsets, without parsing megabytes more than once. */
function offsetsOf(client: RawWebSocket): number[] {
  return client.frames
    .filter(({opcode, payload}) => opcode === opcodes.text && payload.includes('"call.status"', 0))
    .map(({payload}) => (JSON.parse(payload.toString()) as {offset: number}).offset);
}

async function sessionIdOf(client: RawWebSocket): Promise<string> {
  return (await client.message('session.ready')).sessionId;
}

/** Appends until the session that does not read is `blocked`. Returns the maximum of its unsent bytes. */
async function appendUntilBlocked(host: SessionHost, sessionId: string): Promise<number> {
  let most = 0;
  for (let first = 0; host.describe(sessionId)?.phase !== 'blocked'; first += 200) {
    assert.ok(first < 20_000, 'the kernel buffered 80 MB');
    await host.appendCalls(200, {first, to: LONG});
    most = Math.max(most, host.describe(sessionId)?.unsentBytes ?? 0);
  }
  return most;
}

test('[W13] a reader that stops takes bounded memory, delays no other session, and catches up completely', async () => {
  await using host = await startSessionHost({feedBytes: 256 * 1024});
  const slow = await host.rawSession();
  const id = await sessionIdOf(slow);
  const fast = await host.session();
  slow.stopReading();
  let most = await appendUntilBlocked(host, id);
  const blockedAt = host.journal.head();
  for (let round = 0; round < 5; round += 1) {
    await host.appendCalls(100, {first: 50_000 + round * 100, to: LONG});
    most = Math.max(most, host.describe(id)?.unsentBytes ?? 0);
  }
  const head = host.journal.head();
  await fast.receive('call.status', ({offset}) => offset === head, 30_000);
  assert.ok(most <= MOST_UNSENT, `${most} bytes unsent`);
  assert.equal(host.describe(id)?.phase, 'blocked');
  assert.ok((host.describe(id)?.lag ?? 0) >= head - blockedAt);
  assert.ok(host.sessions.laggingCount === 1);
  slow.readOn();
  await until(() => slow.frames.length === head + 2, {what: 'everything', timeoutMs: 30_000});
  assert.deepEqual(
    offsetsOf(slow),
    Array.from({length: head}, (_, index) => index + 1),
  );
  await host.append(90_000, 'ringing');
  await until(() => slow.frames.length === head + 3, {what: 'the live entry after it'});
});

test('[W13] a session that reads nothing for 30 s is closed with 4413', async () => {
  const clock = new ManualClock();
  await using host = await startSessionHost({clock});
  const slow = await host.rawSession();
  const id = await sessionIdOf(slow);
  slow.stopReading();
  await appendUntilBlocked(host, id);
  clock.advance(1000);
  clock.advance(29_000);
  assert.equal(host.describe(id)?.phase, 'blocked');
  clock.advance(2000);
  assert.equal(host.describe(id)?.phase, 'closing');
  slow.readOn();
  assert.equal(await slow.closeFrame(), 4413);
  slow.vanish();
  await until(() => host.sessions.openCount === 0);
});

test('[W13] a session that neither reads nor answers the close is cut off, and the log says 4413', async () => {
  const clock = new ManualClock();
  await using host = await startSessionHost({clock});
  const slow = await host.rawSession();
  slow.stopReading();
  await appendUntilBlocked(host, await sessionIdOf(slow));
  clock.advance(32_000);
  await until(() => host.sessions.openCount === 0, {what: 'the session to be gone', timeoutMs: 30_000});
  assert.match(await host.metrics.registry.metrics(), /hookswitch_sessions_closed_total\{code="4413"\} 1/);
  assert.match(host.logs.join(''), /"code":4413/);
});

test('[W13] a slow reader that keeps reading is never closed', async () => {
  const clock = new ManualClock();
  await using host = await startSessionHost({clock, feedBytes: 256 * 1024});
  const slow = await host.rawSession();
  const id = await sessionIdOf(slow);
  slow.stopReading();
  await appendUntilBlocked(host, id);
  await host.appendCalls(3000, {first: 50_000, to: LONG});
  const head = host.journal.head();
  let steps = 0;
  for (; (host.describe(id)?.lag ?? 0) > 0; steps += 1) {
    const before = host.describe(id)?.offset;
    while (host.describe(id)?.offset === before) await slow.readSome(500_000);
    // The page that is being read is written completely, and then nothing moves any more.
    await until(() => host.describe(id)?.phase === 'blocked' || host.describe(id)?.lag === 0);
    const unsent = host.describe(id)?.unsentBytes ?? 0;
    assert.ok(unsent <= MOST_UNSENT, `${unsent} bytes unsent from journal pages`);
    clock.advance(25_000);
    assert.equal(host.describe(id)?.phase === 'closing', false, `closed after ${steps} steps`);
  }
  assert.ok(steps >= 3, `only ${steps} steps, which proves nothing`);
  slow.readOn();
  await until(() => offsetsOf(slow).length === head, {what: 'everything', timeoutMs: 30_000});
  assert.deepEqual(
    offsetsOf(slow),
    Array.from({length: head}, (_, index) => index + 1),
  );
});

test('[W13] unread responses are bounded too: the client is closed before they pile up', async () => {
  const clock = new ManualClock();
  await using host = await startSessionHost({clock});
  await host.appendCalls(200, {to: LONG});
  const slow = await host.rawSession();
  const id = await sessionIdOf(slow);
  slow.stopReading();
  let most = 0;
  for (let asked = 0; host.describe(id)?.phase === 'streaming'; asked += 1) {
    assert.ok(asked < 500, 'it could send requests forever');
    clock.advance(500);
    const activeBefore = host.describe(id)?.lastActivityAt;
    slow.sendJson({type: 'call.subscribe', calls: 'all', requestId: `r${asked}`});
    await until(() => host.describe(id)?.lastActivityAt !== activeBefore);
    most = Math.max(most, host.describe(id)?.unsentBytes ?? 0);
  }
  // A snapshot of 200 calls of 4 KB is one write of 900 KB. There is never a second one beyond the limit.
  assert.ok(most < MAX_UNSENT_BYTES + 1_000_000, `${most} bytes unsent`);
  assert.equal(host.describe(id)?.phase, 'blocked');
  clock.advance(31_000);
  assert.equal(host.describe(id)?.phase, 'closing');
});

test('[W13] postponed subscriptions are answered in order once there is room', async () => {
  const clock = new ManualClock();
  await using host = await startSessionHost({clock});
  const slow = await host.rawSession();
  const id = await sessionIdOf(slow);
  slow.stopReading();
  await appendUntilBlocked(host, id);
  for (let index = 0; index < 10; index += 1) {
    slow.sendJson({type: 'call.subscribe', calls: [], requestId: `r${index}`});
  }
  await until(() => host.describe(id)?.subscription !== 'all');
  slow.readOn();
  await until(() => slow.frames.filter(({payload}) => payload.includes('"requestId"')).length === 10, {
    what: 'ten answers',
  });
  const answers = slow.messages.filter((message) => message.type === 'call.snapshot').slice(1);
  assert.deepEqual(
    answers.map(({requestId}) => requestId),
    Array.from({length: 10}, (_, index) => `r${index}`),
  );
});

test('a drain does not wait for a session that reads nothing', async () => {
  await using host = await startSessionHost();
  const slow = await host.rawSession();
  slow.stopReading();
  await appendUntilBlocked(host, await sessionIdOf(slow));
  const healthy = await host.session();
  const drained = host.sessions.drain();
  assert.equal(await healthy.closed(), 1001);
  // The library's own limit of 3 s ends the other session, not the healthy session's close.
  await drained;
  assert.equal(host.sessions.openCount, 0);
});
