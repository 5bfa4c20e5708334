/**
 * The state that the gateway keeps for a call it asked Twilio to end: as long as needed, and no longer (W7).
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {pino} from 'pino';
import type {CallRecord} from '../../../../src/journal/call-event.ts';
import type {Journal} from '../../../../src/journal/journal.ts';
import {HangUp} from '../../../../src/services/calls/hang-up.ts';
import type {LiveFeed} from '../../../../src/services/feed/live-feed.ts';
import type {EndOutcome, FetchOutcome, TwilioClient} from '../../../../src/twilio/twilio-client.ts';
import {ManualClock} from '../../../support/manual-clock.ts';

type Status = CallRecord['providerStatus'];
const CALL_SID = `CA${'1'.repeat(32)}`;

/** One call in the feed and at Twilio, and a record of the commands sent to Twilio. */
class Bench {
  readonly clock = new ManualClock();
  readonly requested: string[] = [];
  readonly recorded: string[] = [];
  lookups = 0;
  known: Status | undefined = 'ringing';
  /** Answers to `end`, in order. The last one repeats. */
  answers: EndOutcome[] = [{kind: 'accepted', call: {callSid: CALL_SID, providerStatus: 'ringing'}}];
  found: FetchOutcome = {kind: 'found', call: {callSid: CALL_SID, providerStatus: 'ringing'}};
  readonly #listeners = new Set<() => void>();
  readonly subject: HangUp;

  constructor() {
    const feed = {
      activeCall: () => (this.known === undefined ? undefined : this.call),
      onAdvance: (listener: () => void) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    const journal = {
      append: async (event: {providerStatus: string}) => {
        this.recorded.push(event.providerStatus);
      },
    };
    const twilio: TwilioClient = {
      dial: () => Promise.reject(new Error('nobody dials here')),
      end: async (_callSid, status) => {
        this.requested.push(status);
        const [next, ...rest] = this.answers;
        if (rest.length > 0) this.answers = rest;
        if (next === undefined) throw new Error('no answer');
        return next;
      },
      fetch: async () => {
        this.lookups += 1;
        return this.found;
      },
      list: () => Promise.reject(new Error('a hang-up reads no list')),
    };
    this.subject = new HangUp({
      twilio,
      journal: journal as unknown as Journal,
      feed: feed as unknown as LiveFeed,
      clock: this.clock,
      logger: pino({level: 'silent'}),
    });
    this.subject.start();
  }

  get call(): CallRecord {
    return {callSid: CALL_SID, providerStatus: this.known ?? 'completed'} as CallRecord;
  }

  /** Moves the feed to a status. `undefined` means that the call has ended. */
  async advance(status: Status | undefined): Promise<void> {
    this.known = status;
    for (const listener of this.#listeners) listener();
    await settled();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const accepted = (providerStatus: Status): EndOutcome => ({
  kind: 'accepted',
  call: {callSid: CALL_SID, providerStatus},
});

const notFound: EndOutcome = {
  kind: 'not-endable',
  fault: {message: 'not found', status: 404, code: 20404},
};

test('[W7] the entry and its timer are removed when the call has ended', async () => {
  const bench = new Bench();
  await bench.subject.end(bench.call);
  assert.equal(bench.subject.pendingCount, 1);
  await bench.advance(undefined);
  assert.equal(bench.subject.pendingCount, 0);
  assert.equal(bench.clock.timerCount, 0);
});

test('[W7] the entry is removed after four checks, even if the call continues', async () => {
  const bench = new Bench();
  await bench.subject.end(bench.call);
  for (const ms of [1500, 3000, 6000, 12_000]) await bench.pass(ms);
  assert.equal(bench.lookups, 4);
  assert.equal(bench.subject.pendingCount, 0);
  assert.equal(bench.clock.timerCount, 0);
});

test('[W7] a thousand disconnects of one call keep one entry and one timer', async () => {
  const bench = new Bench();
  for (let time = 0; time < 1000; time += 1) await bench.subject.end(bench.call);
  assert.equal(bench.subject.pendingCount, 1);
  assert.equal(bench.clock.timerCount, 1);
});

test('[W7] a failed command keeps no entry', async () => {
  const bench = new Bench();
  bench.answers = [{kind: 'failed', fault: {message: 'down', status: 503}}];
  await assert.rejects(bench.subject.end(bench.call), {code: 'provider_error'});
  assert.equal(bench.subject.pendingCount, 0);
  assert.equal(bench.clock.timerCount, 0);
});

test('[W7] a call that is answered during its cancellation is completed once, however often the feed moves', async () => {
  const bench = new Bench();
  await bench.subject.end(bench.call);
  await bench.advance('in-progress');
  await bench.advance('in-progress');
  await bench.advance('in-progress');
  assert.deepEqual(bench.requested, ['canceled', 'completed']);
});

test('[W7] if completing that call fails, each check retries it, and feed moves do not', async () => {
  const bench = new Bench();
  bench.answers = [
    accepted('ringing'),
    {kind: 'failed', fault: {message: 'down', status: 503}},
    {kind: 'failed', fault: {message: 'down', status: 503}},
    accepted('in-progress'),
  ];
  await bench.subject.end(bench.call);
  for (let move = 0; move < 100; move += 1) await bench.advance('in-progress');
  assert.deepEqual(bench.requested, ['canceled', 'completed']);
  bench.found = {kind: 'found', call: {callSid: CALL_SID, providerStatus: 'in-progress'}};
  await bench.pass(1500);
  await bench.advance('in-progress');
  await bench.pass(3000);
  assert.deepEqual(bench.requested, ['canceled', 'completed', 'completed', 'completed']);
});

test("[W7] Twilio's answer to a cancellation is recorded only if it is a final status", async () => {
  const bench = new Bench();
  bench.answers = [accepted('canceled')];
  await bench.subject.end(bench.call);
  assert.deepEqual(bench.recorded, ['canceled']);
  const talking = new Bench();
  talking.known = 'in-progress';
  talking.answers = [accepted('completed')];
  await talking.subject.end(talking.call);
  assert.deepEqual(talking.recorded, [], 'the callback reports the duration');
});

test('[W7] a call that Twilio no longer knows has ended, as requested, and the disconnect is settled at once', async () => {
  for (const [known, end] of [
    ['ringing', 'failed'],
    ['in-progress', 'completed'],
  ] as const) {
    const bench = new Bench();
    bench.known = known;
    bench.answers = [notFound];
    bench.found = {kind: 'missing'};
    await bench.subject.end(bench.call);
    assert.deepEqual(bench.recorded, [end]);
  }
});

test('[W7] if Twilio accepts and then does not know the call, two look-ups in a row settle it', async () => {
  const bench = new Bench();
  await bench.subject.end(bench.call);
  const ringing = bench.found;
  const missing = {kind: 'missing'} as const;
  for (const [found, ms] of [
    [missing, 1500],
    [ringing, 3000],
    [missing, 6000],
  ] as const) {
    bench.found = found;
    await bench.pass(ms);
    assert.deepEqual(bench.recorded, []);
  }
  await bench.pass(12_000);
  assert.deepEqual(bench.recorded, ['failed']);
});

test('[W7] if Twilio finds no active call and the look-up fails, the disconnect is accepted and the checks settle it', async () => {
  for (const refusal of [
    notFound,
    {kind: 'not-endable', fault: {message: 'no', status: 400, code: 21220}},
  ] as const) {
    const bench = new Bench();
    bench.known = 'in-progress';
    bench.answers = [refusal];
    bench.found = {kind: 'failed', fault: {message: 'down', status: 503}};
    await bench.subject.end(bench.call);
    assert.deepEqual(bench.recorded, []);
    bench.found = {kind: 'found', call: {callSid: CALL_SID, providerStatus: 'completed', duration: 4}};
    await bench.pass(1500);
    assert.deepEqual(bench.recorded, ['completed']);
  }
});

test('[W7] if Twilio refuses and the look-up fails too, the refusal is reported', async () => {
  const bench = new Bench();
  bench.answers = [{kind: 'failed', fault: {message: 'no', status: 400, code: 21220}}];
  bench.found = {kind: 'failed', fault: {message: 'down'}};
  await assert.rejects(
    bench.subject.end(bench.call),
    (error: {context: Record<string, unknown>}) => error.context['providerCode'] === 21_220,
  );
});

test('[W1] [W7] an end without a duration waits for it, for at most two checks', async () => {
  const bare = {callSid: CALL_SID, providerStatus: 'completed'} as const;
  for (const durations of [[7], [undefined, 7], [undefined, undefined, undefined]]) {
    const bench = new Bench();
    bench.known = 'in-progress';
    bench.answers = [notFound];
    bench.found = {kind: 'found', call: bare};
    await bench.subject.end(bench.call);
    for (const [index, duration] of durations.entries()) {
      assert.deepEqual(bench.recorded, []);
      bench.found = {kind: 'found', call: {...bare, duration}};
      await bench.pass([1500, 3000, 6000][index] ?? 0);
    }
    assert.deepEqual(bench.recorded, ['completed']);
  }
});

test('[W7] after stop nothing is scheduled, not even by a command in progress', async () => {
  const bench = new Bench();
  const ending = bench.subject.end(bench.call);
  bench.subject.stop();
  await ending;
  assert.equal(bench.subject.pendingCount, 0);
  assert.equal(bench.clock.timerCount, 0);
});
