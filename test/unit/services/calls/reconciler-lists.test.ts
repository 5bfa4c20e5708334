/** Many silent calls are looked up with few requests (J6), on a manual clock and a journal on disk. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {hasEnded, type ProviderStatus, statusRank} from '@hookswitch/protocol';
import type {
  CallFilter,
  FetchOutcome,
  ListOutcome,
  TwilioCall,
} from '../../../../src/twilio/twilio-client.ts';
import {ReconcilerBench} from '../../../support/reconciler-bench.ts';
import {someCallSid} from '../../../support/twilio/signed-webhook.ts';
import {until} from '../../../support/until.ts';

interface CallAtTwilio {
  status: ProviderStatus;
  readonly startedAt: number;
}

/** A Twilio account that reports its calls correctly, page by page. */
class Account {
  readonly calls = new Map<string, CallAtTwilio>();
  /** The last status that Twilio reported for each call. */
  readonly shown = new Map<string, ProviderStatus>();
  readonly bench: ReconcilerBench;
  pageSize = 1000;

  constructor(bench: ReconcilerBench) {
    this.bench = bench;
    bench.twilio.answer = (callSid) => this.fetch(callSid);
    bench.twilio.answerList = (filter, next) => this.list(filter, next);
  }

  /** The number of requests of all kinds. */
  readonly requests = () => this.bench.twilio.asked.length + this.bench.twilio.listed.length;

  set(callSid: string, status: ProviderStatus): void {
    const {startedAt = this.bench.clock.now()} = this.calls.get(callSid) ?? {};
    this.calls.set(callSid, {status, startedAt});
  }

  fetch(callSid: string): FetchOutcome {
    const call = this.calls.get(callSid);
    return call === undefined ? {kind: 'missing'} : {kind: 'found', call: this.#show(callSid, call.status)};
  }

  list({status, startedAfter = 0}: CallFilter, next = '0'): ListOutcome {
    const listed = [...this.calls]
      .filter(
        ([, call]) => (status === undefined || call.status === status) && call.startedAt >= startedAfter,
      )
      .reverse();
    const end = Number(next) + this.pageSize;
    return {
      kind: 'page',
      calls: listed.slice(Number(next), end).map(([callSid, call]) => this.#show(callSid, call.status)),
      next: end < listed.length ? String(end) : undefined,
    };
  }

  #show(callSid: string, status: ProviderStatus): TwilioCall {
    this.shown.set(callSid, status);
    return show(callSid, status);
  }
}

function show(callSid: string, providerStatus: ProviderStatus): TwilioCall {
  const duration = providerStatus === 'completed' ? 7 : undefined;
  return {callSid, providerStatus, direction: 'inbound', duration};
}

/** Inbound calls that ring here and at Twilio. */
async function ringing(account: Account, count: number, from = 0): Promise<string[]> {
  const numbers = Array.from({length: count}, (_, at) => from + at);
  const sids = await Promise.all(numbers.map((number) => account.bench.add(number, 'ringing', 'inbound')));
  for (const callSid of sids) account.set(callSid, 'ringing');
  return sids;
}

/** The gateway's state of each call. */
async function known(
  {journal}: ReconcilerBench,
  sids: readonly string[],
): Promise<(ProviderStatus | undefined)[]> {
  return Promise.all(sids.map(async (sid) => (await journal.findCall(sid))?.providerStatus));
}

/** Lets time pass, and waits until everything that Twilio reported is written and read. */
async function settle({bench, shown, requests}: Account, ms = 500): Promise<void> {
  const isCaughtUp = () =>
    [...shown].every(([callSid, status]) => {
      const call = bench.feed.activeCall(callSid);
      return call === undefined || statusRank(call.providerStatus) >= statusRank(status);
    });
  for (let passed = 0; passed < ms; passed += 250) {
    let before = -1;
    await bench.pass(250, 250);
    while (before !== requests()) {
      before = requests();
      await until(isCaughtUp);
      await bench.pass(0);
    }
  }
}

test('[J6] 300 simultaneous inbound calls are each in-progress within 5 s of their answer, for two requests per 2.5 s', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  for (let other = 0; other < 400; other += 1) account.set(someCallSid(0x9000 + other), 'in-progress');
  await bench.feed.start();
  bench.reconciler.start();
  const sids = await ringing(account, 300);
  await until(() => bench.feed.activeCallCount === 300);
  const answeredAt = new Map(sids.map((callSid, at) => [callSid, 250 + ((at * 7919) % 40_000)]));
  const seenAt = new Map<string, number>();
  for (let now = 0; now <= 45_000; now += 250) {
    for (const [callSid, at] of answeredAt) if (at <= now) account.set(callSid, 'in-progress');
    await settle(account, 250);
    for (const callSid of sids) {
      const isSeen = bench.feed.activeCall(callSid)?.providerStatus === 'in-progress';
      if (isSeen && !seenAt.has(callSid)) seenAt.set(callSid, now);
    }
  }
  const delays = sids.map((callSid) => (seenAt.get(callSid) ?? Infinity) - (answeredAt.get(callSid) ?? 0));
  assert.ok(Math.max(...delays) <= 5000, `a call was seen after ${Math.max(...delays)} ms`);
  assert.equal(bench.twilio.asked.length, 0, 'no single look-ups were made');
  assert.ok(account.requests() <= 45, `${account.requests()} requests in 45 s`);
  assert.equal(bench.feed.activeCallCount, 300, 'calls of other applications are not created');
  const entries = (await bench.journal.callHistory(sids[0] ?? ''))?.entries ?? [];
  assert.deepEqual(
    entries.map(({event, verdict}) => [event.kind === 'status' && event.source, verdict]),
    [
      ['callback', 'applied'],
      ['reconcile', 'applied'],
    ],
  );
});

test('[J6] Twilio is not asked while no call is silent', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  await bench.feed.start();
  bench.reconciler.start();
  await bench.pass(600_000, 500);
  assert.equal(account.requests(), 0);
  const sids = await ringing(account, 10);
  await until(() => bench.feed.activeCallCount === 10);
  for (const callSid of sids) account.set(callSid, 'in-progress');
  await until(async () => {
    await bench.pass(500);
    return [...bench.feed.activeCalls()].every(({providerStatus}) => providerStatus === 'in-progress');
  });
  const requests = account.requests();
  await bench.pass(55_000, 500);
  assert.equal(account.requests(), requests, 'all calls are in progress, so a minute of silence is allowed');
});

test('[J6] 5,000 calls that ended while the gateway was down need a dozen requests', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  const numbers = Array.from({length: 5000}, (_, number) => number);
  const sids = await Promise.all(
    numbers.map((number) => bench.add(number, number % 2 === 0 ? 'in-progress' : 'ringing', 'inbound')),
  );
  const ends = ['completed', 'busy', 'no-answer', 'failed', 'canceled'] as const;
  for (const [at, callSid] of sids.entries()) account.set(callSid, ends[at % 5] ?? 'completed');
  bench.clock.advance(3_600_000);
  await bench.feed.start();
  bench.reconciler.start();
  await until(() => bench.feed.activeCallCount === 0);
  assert.ok(account.requests() <= 12, `${account.requests()} requests`);
  const states = await known(bench, sids.slice(0, 5));
  assert.deepEqual(states, ends);
});

test('[J6] two silent calls are looked up one by one, and three by list', async () => {
  for (const [count, fetched, listed] of [
    [2, 2, 0],
    [3, 0, 1],
  ] as const) {
    await using bench = await ReconcilerBench.open();
    const account = new Account(bench);
    await ringing(account, count);
    await bench.feed.start();
    bench.reconciler.start();
    await settle(account);
    assert.deepEqual([bench.twilio.asked.length, bench.twilio.listed.length], [fetched, listed]);
  }
});

test('[J6] the lists are read in the order of call progress, so that a moving call is on one of them', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  const sids = await Promise.all([1, 2, 3, 4, 5].map((number) => bench.add(number, 'queued')));
  for (const callSid of sids) account.set(callSid, 'queued');
  const [first = '', second = '', third = ''] = sids;
  bench.twilio.answerList = (filter, next) => {
    if (filter.status === 'queued') account.set(first, 'ringing');
    const answer = account.list(filter, next);
    if (filter.status === 'queued') account.set(second, 'ringing');
    if (filter.status === 'ringing') account.set(third, 'in-progress');
    if (filter.status === 'ringing') account.set(first, 'in-progress');
    return answer;
  };
  account.set(third, 'ringing');
  await bench.feed.start();
  bench.reconciler.start();
  await settle(account);
  assert.deepEqual(
    bench.twilio.listed.map(({status}) => status),
    ['queued', 'ringing'],
    'the third list has nothing to add',
  );
  assert.deepEqual(await known(bench, sids), ['ringing', 'ringing', 'ringing', 'queued', 'queued']);
  assert.equal(bench.twilio.asked.length, 0);
  await settle(account, 180_000);
  assert.deepEqual(await known(bench, sids), ['in-progress', 'ringing', 'in-progress', 'queued', 'queued']);
});

test('[J6] if a list breaks off, the calls it showed are written, and the others have not ended', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  account.pageSize = 4;
  const sids = await ringing(account, 10);
  for (const callSid of sids) account.set(callSid, 'in-progress');
  bench.twilio.answer = () => ({kind: 'failed', fault: {message: 'down', status: 500}});
  let broken = true;
  bench.twilio.answerList = (filter, next) =>
    broken && next !== undefined
      ? {kind: 'failed', fault: {message: 'Bad Gateway', status: 502}}
      : account.list(filter, next);
  await bench.feed.start();
  bench.reconciler.start();
  await settle(account);
  const states = await known(bench, sids);
  assert.equal(states.filter((status) => status === 'in-progress').length, 4);
  assert.equal(states.filter((status) => status === 'ringing').length, 6);
  broken = false;
  await until(async () => {
    await settle(account);
    return (await known(bench, sids)).every((status) => status === 'in-progress');
  });
});

test('[J6] a call that no list shows is looked up singly, and continues', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  const sids = await ringing(account, 6);
  // The lists lag behind and do not show these calls yet.
  bench.twilio.answerList = () => ({kind: 'page', calls: []});
  await bench.feed.start();
  bench.reconciler.start();
  await bench.pass(3000);
  await until(() => new Set(bench.twilio.asked).size === 6);
  assert.deepEqual(new Set(await known(bench, sids)), new Set(['ringing']));
  for (const callSid of sids) account.set(callSid, 'in-progress');
  await until(async () => {
    await bench.pass(500);
    return (await known(bench, sids)).every((status) => status === 'in-progress');
  });
});

test('[J6] many calls that Twilio has forgotten do not prevent the look-up of others', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  await Promise.all(Array.from({length: 300}, (_, number) => bench.add(0x500 + number, 'in-progress')));
  await bench.feed.start();
  bench.reconciler.start();
  await settle(account, 30_000);
  const [callSid = ''] = await ringing(account, 1);
  await until(() => bench.feed.activeCall(callSid) !== undefined);
  account.set(callSid, 'in-progress');
  for (let ms = 0; ms < 5000; ms += 500) await settle(account);
  assert.deepEqual(await known(bench, [callSid]), ['in-progress']);
  assert.ok(bench.feed.activeCallCount > 200, 'these calls use up the allowance of single look-ups');
});

for (const [what, list] of [
  ['list', true],
  ['look-up of one call', false],
] as const) {
  test(`[J6] after a 429 for a ${what}, Twilio is not asked before its Retry-After`, async () => {
    await using bench = await ReconcilerBench.open();
    const account = new Account(bench);
    const sids = await ringing(account, list ? 300 : 2);
    for (const callSid of sids) account.set(callSid, 'in-progress');
    const tooMany = {
      kind: 'failed',
      fault: {message: 'Too Many Requests', status: 429, code: 20429, retryAfterMs: 30_000},
    } as const;
    bench.twilio.answerList = () => tooMany;
    bench.twilio.answer = () => tooMany;
    await bench.feed.start();
    bench.reconciler.start();
    await settle(account);
    const requests = account.requests();
    assert.ok(requests >= 1 && requests <= 2, String(requests));
    await bench.pass(29_000);
    assert.equal(account.requests(), requests);
    bench.twilio.answerList = (filter, next) => account.list(filter, next);
    bench.twilio.answer = (callSid) => account.fetch(callSid);
    await settle(account, 2500);
    await until(async () => (await known(bench, sids)).every((status) => status === 'in-progress'));
    assert.ok(account.requests() <= requests + 2, String(account.requests()));
  });
}

test('[J6] repeated 429 without Retry-After lead to growing pauses of at most a minute', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  await ringing(account, 300);
  bench.twilio.answerList = () => ({kind: 'failed', fault: {message: 'Too Many Requests', status: 429}});
  await bench.feed.start();
  bench.reconciler.start();
  const at: number[] = [];
  for (let second = 0; second < 400; second += 1) {
    const before = account.requests();
    await bench.pass(1000);
    if (account.requests() > before) at.push(second);
  }
  const pauses = at.slice(1).map((second, index) => second - (at[index] ?? 0));
  assert.ok(
    pauses.slice(0, 4).every((pause, index) => pause >= 2 ** (index + 1)),
    String(pauses),
  );
  assert.ok(Math.max(...pauses) <= 62, String(pauses));
  assert.ok(pauses.length >= 8, String(pauses));
});

test('[J6] a list without an end is abandoned after a bounded number of pages', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  const sids = await Promise.all([1, 2, 3, 4, 5].map((number) => bench.add(number, 'in-progress')));
  bench.twilio.answerList = () => ({
    kind: 'page',
    calls: [show(someCallSid(0x9999), 'in-progress')],
    next: 'on',
  });
  for (const callSid of sids) account.set(callSid, 'completed');
  await bench.feed.start();
  bench.reconciler.start();
  await settle(account);
  assert.equal(bench.twilio.listed.length, 60);
  await until(async () => {
    await settle(account);
    return (await known(bench, sids)).every((status) => status !== undefined && hasEnded(status));
  });
});

test('[J6] after stop no further page is requested', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  await ringing(account, 10);
  account.pageSize = 3;
  const {promise, resolve} = Promise.withResolvers<ListOutcome>();
  bench.twilio.answerList = () => promise;
  await bench.feed.start();
  bench.reconciler.start();
  await bench.pass(500);
  assert.equal(bench.twilio.listed.length, 1);
  bench.reconciler.stop();
  resolve(account.list({status: 'ringing'}));
  await settle(account, 10_000);
  assert.equal(bench.twilio.listed.length, 1);
});

test('[J6] the answer of an inbound call that rings for long is seen as soon as that of a call answered at once', async () => {
  await using bench = await ReconcilerBench.open();
  const account = new Account(bench);
  const [callSid = ''] = await ringing(account, 1);
  await bench.feed.start();
  bench.reconciler.start();
  await bench.pass(300_000);
  assert.equal(
    bench.reconciler.unconfirmedSince(callSid),
    undefined,
    'each look-up confirms the call until the next one',
  );
  account.set(callSid, 'in-progress');
  await bench.pass(3500);
  await until(async () => (await known(bench, [callSid]))[0] === 'in-progress');
  assert.ok(account.requests() < 60 * 5, `${account.requests()} requests in five minutes`);
});
