/** The reconciler's budget and patience (J6) for calls that are looked up one by one. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {CallRecord} from '../../../../src/journal/call-event.ts';
import {allowedSilenceMs} from '../../../../src/services/calls/call-watches.ts';
import type {FetchOutcome} from '../../../../src/twilio/twilio-client.ts';
import {ReconcilerBench as Bench, type Status} from '../../../support/reconciler-bench.ts';
import {someCallSid} from '../../../support/twilio/signed-webhook.ts';
import {until} from '../../../support/until.ts';

test('[J6] each state has its own allowed silence', () => {
  const allowed = (providerStatus: Status, direction: CallRecord['direction'] = 'outbound-api') =>
    allowedSilenceMs({providerStatus, direction} as CallRecord);
  assert.deepEqual(
    (['queued', 'initiated', 'ringing', 'in-progress'] as const).map((status) => allowed(status)),
    [30_000, 30_000, 75_000, 120_000],
  );
  assert.equal(allowed('ringing', 'inbound'), 2000);
  assert.equal(allowed('in-progress', 'inbound'), 60_000);
  assert.equal(allowed('ringing', 'outbound-dial'), 75_000);
});

test('[J6] 500 open calls without lists cost at most 60 look-ups at once and 60 per minute after, and each gets its turn', async () => {
  await using bench = await Bench.open();
  await Promise.all(Array.from({length: 500}, (_, number) => bench.add(number, 'in-progress')));
  await bench.feed.start();
  assert.equal(bench.feed.activeCallCount, 500);
  bench.reconciler.start();
  let worstMinute = 0;
  const perSecond: number[] = [];
  for (let second = 0; second < 480; second += 1) {
    const before = bench.twilio.asked.length;
    await bench.pass(1000);
    perSecond.push(bench.twilio.asked.length - before);
    if (second === 60) assert.ok(bench.twilio.asked.length <= 121, String(bench.twilio.asked.length));
    const lastMinute = perSecond.slice(-60).reduce((sum, count) => sum + count, 0);
    if (second >= 120) worstMinute = Math.max(worstMinute, lastMinute);
  }
  // A tick that retries the lists leaves its share to the next tick.
  assert.ok(worstMinute <= 61, `${worstMinute} look-ups in one minute`);
  assert.equal(new Set(bench.twilio.asked).size, 500, 'every call is looked up');
});

test('[J6] at most four look-ups run at a time, and never two of the same call', async () => {
  await using bench = await Bench.open();
  await Promise.all(Array.from({length: 20}, (_, number) => bench.add(number, 'in-progress')));
  await bench.feed.start();
  const waiting: (() => void)[] = [];
  bench.twilio.answer = () => {
    const {promise, resolve} = Promise.withResolvers<FetchOutcome>();
    waiting.push(() => resolve({kind: 'failed', fault: {message: 'slow'}}));
    return promise;
  };
  bench.reconciler.start();
  await bench.pass(3_600_000, 60_000);
  assert.equal(bench.twilio.asked.length, 4, 'Twilio hangs and nothing piles up');
  for (const answer of waiting) answer();
  await bench.pass(1000);
  assert.equal(bench.twilio.asked.length, 8);
  assert.equal(new Set(bench.twilio.asked).size, 8);
});

test('[J6] a look-up that never returns is not joined by a second one of the same call', async () => {
  await using bench = await Bench.open();
  await Promise.all([bench.add(1, 'in-progress'), bench.add(2, 'queued')]);
  await bench.feed.start();
  bench.twilio.answer = () => new Promise(() => {});
  bench.reconciler.start();
  await bench.pass(3_600_000, 60_000);
  assert.equal(bench.twilio.asked.length, 2);
});

test('[J6] an active call is looked up less and less often, down to every ten minutes', async () => {
  await using bench = await Bench.open();
  await bench.feed.start();
  bench.reconciler.start();
  const callSid = await bench.add(1, 'in-progress');
  await until(() => bench.feed.activeCall(callSid) !== undefined);
  const times: number[] = [];
  for (let second = 0; second < 3600; second += 1) {
    const before = bench.twilio.asked.length;
    await bench.pass(1000);
    if (bench.twilio.asked.length > before) times.push(second);
  }
  const waits = times.map((time, at) => Math.round((time - (times[at - 1] ?? 0)) / 10) * 10);
  assert.deepEqual(waits, [120, 240, 480, 600, 600, 600, 600]);
});

test('[J6] three misses must be consecutive: an answer in between resets the count', async () => {
  await using bench = await Bench.open();
  const callSid = await bench.add(1, 'ringing');
  await bench.feed.start();
  let lookups = 0;
  bench.twilio.answer = () => {
    lookups += 1;
    return lookups === 3 ? {kind: 'found', call: {callSid, providerStatus: 'ringing'}} : {kind: 'missing'};
  };
  bench.reconciler.start();
  await until(async () => {
    await bench.pass(60_000, 30_000);
    return lookups >= 5;
  });
  assert.equal((await bench.journal.findCall(callSid))?.providerStatus, 'ringing');
  await until(async () => {
    await bench.pass(60_000, 30_000);
    return (await bench.journal.findCall(callSid))?.providerStatus === 'failed';
  });
  assert.equal(lookups, 6);
});

/** A call that ended unnoticed, at its first look-up. `answers` are Twilio's answers in order. */
async function endedUnnoticed(bench: Bench, answers: readonly FetchOutcome[]): Promise<string> {
  const callSid = await bench.add(1, 'in-progress');
  await bench.feed.start();
  bench.twilio.answer = () => answers[Math.min(bench.twilio.asked.length, answers.length) - 1] ?? missing;
  bench.reconciler.start();
  await bench.pass(500);
  return callSid;
}

const missing: FetchOutcome = {kind: 'missing'};
const bareEnd = {
  kind: 'found',
  call: {callSid: someCallSid(0x1001), providerStatus: 'completed'},
} as const;
const wholeEnd: FetchOutcome = {kind: 'found', call: {...bareEnd.call, duration: 9}};

test('[W1] [J6] an end without a duration waits for it, for a few seconds and look-ups', async () => {
  await using bench = await Bench.open();
  const callSid = await endedUnnoticed(bench, [bareEnd, bareEnd, wholeEnd]);
  await bench.pass(2500);
  assert.equal(bench.twilio.asked.length, 1);
  await bench.pass(3500);
  assert.equal(bench.twilio.asked.length, 3);
  await until(() => bench.feed.activeCall(callSid) === undefined);
  const ends = (await bench.journal.callHistory(callSid))?.entries.slice(1) ?? [];
  assert.deepEqual(
    ends.map(({verdict, call}) => [verdict, call?.providerStatus, call?.duration]),
    [['applied', 'completed', 9]],
  );
});

for (const [what, answers] of [
  ['that never comes', [bareEnd, bareEnd, bareEnd]],
  ['is not waited for when Twilio has forgotten the call', [bareEnd, missing]],
  ['is not waited for when Twilio cannot be asked', [bareEnd, {kind: 'failed', fault: {message: 'down'}}]],
] as const) {
  test(`[W1] [J6] a duration ${what}: the end is recorded without one`, async () => {
    await using bench = await Bench.open();
    const callSid = await endedUnnoticed(bench, answers);
    await bench.pass(3000 * (answers.length - 1));
    await until(() => bench.feed.activeCall(callSid) === undefined);
    assert.equal(bench.twilio.asked.length, answers.length);
    const call = await bench.journal.findCall(callSid);
    assert.deepEqual([call?.providerStatus, call?.duration], ['completed', undefined]);
  });
}

test('[W1] [J6] a callback that arrives while a duration is awaited records the end', async () => {
  await using bench = await Bench.open();
  const callSid = await endedUnnoticed(bench, [bareEnd]);
  assert.equal(bench.twilio.asked.length, 1);
  await bench.add(1, 'completed');
  await until(() => bench.feed.activeCall(callSid) === undefined);
  await bench.pass(10_000);
  assert.equal(bench.twilio.asked.length, 1);
  assert.equal((await bench.journal.callHistory(callSid))?.entries.length, 2);
});

test('[J6] a jump of the wall clock does not make look-ups early or late', async () => {
  await using bench = await Bench.open();
  await bench.feed.start();
  bench.reconciler.start();
  const callSid = await bench.add(1, 'in-progress');
  await until(() => bench.feed.activeCall(callSid) !== undefined);
  await bench.pass(1000);
  bench.clock.jumpWall(3_600_000);
  await bench.pass(110_000);
  assert.equal(bench.twilio.asked.length, 0);
  bench.clock.jumpWall(-7_200_000);
  await bench.pass(11_000);
  assert.equal(bench.twilio.asked.length, 1);
});

test('[J6] [H2] a call is unconfirmed from the end of its allowed silence until a look-up confirms it', async () => {
  await using bench = await Bench.open();
  await bench.feed.start();
  bench.reconciler.start();
  const callSid = await bench.add(1, 'in-progress');
  await until(() => bench.feed.activeCall(callSid) !== undefined);
  const begun = bench.clock.now();
  bench.twilio.answer = () => ({kind: 'failed', fault: {message: 'down'}});
  await bench.pass(119_000);
  assert.equal(bench.reconciler.unconfirmedSince(callSid), undefined);
  await bench.pass(60_000);
  assert.equal(bench.twilio.asked.length, 1);
  assert.equal(bench.reconciler.unconfirmedSince(callSid), begun + 120_000);
  assert.deepEqual(
    bench.reconciler.unconfirmed().map(({call, since}) => [call.callSid, since]),
    [[callSid, begun + 120_000]],
  );
  bench.twilio.answer = () => ({kind: 'missing'});
  await bench.pass(240_000);
  assert.equal(bench.twilio.asked.length, 2);
  assert.equal(bench.reconciler.unconfirmedSince(callSid), begun + 120_000, 'a miss confirms nothing');
  bench.twilio.answer = () => ({kind: 'found', call: {callSid, providerStatus: 'ringing'}});
  await bench.pass(480_000);
  assert.equal(bench.twilio.asked.length, 3);
  assert.equal(
    bench.reconciler.unconfirmedSince(callSid),
    undefined,
    'Twilio has the call in an earlier state',
  );
  assert.deepEqual(bench.reconciler.unconfirmed(), []);
  bench.twilio.answer = () => new Promise(() => {});
  const confirmedAt = bench.clock.now();
  await bench.pass(630_000);
  const again = bench.reconciler.unconfirmedSince(callSid) ?? 0;
  assert.ok(
    again > confirmedAt + 120_000 && again <= confirmedAt + 600_000,
    'from the time its next look-up is due',
  );
});

test('[J6] [H2] a call left open by an earlier run is unconfirmed since its silence ended, not since the start', async () => {
  await using bench = await Bench.open();
  const silent = await bench.add(1, 'in-progress');
  const lastEventAt = bench.clock.now();
  bench.clock.jumpWall(3_600_000);
  const fresh = await bench.add(2, 'in-progress');
  await bench.feed.start();
  bench.twilio.answer = () => new Promise(() => {});
  bench.reconciler.start();
  assert.equal(bench.reconciler.unconfirmedSince(silent), lastEventAt + 120_000);
  assert.equal(bench.reconciler.unconfirmedSince(fresh), undefined);
  assert.equal(bench.reconciler.unconfirmedSince(someCallSid(3)), undefined);
});

test('[J6] after stop nothing is looked up', async () => {
  await using bench = await Bench.open();
  await bench.add(1, 'queued');
  await bench.feed.start();
  bench.reconciler.start();
  await bench.pass(1000);
  const {length} = bench.twilio.asked;
  bench.reconciler.stop();
  await bench.pass(600_000, 10_000);
  assert.equal(bench.twilio.asked.length, length);
});
