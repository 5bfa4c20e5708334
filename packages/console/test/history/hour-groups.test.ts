/** Paging and hourly groups lose nothing and count nothing twice. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Call, CallPage, CallStatistics} from '@hookswitch/protocol';
import fc from 'fast-check';
import {countNew, fillPage} from '../../src/screens/history/call-page.ts';
import {callOutcomes} from '../../src/screens/history/history-filter.ts';
import {
  addUp,
  chooseStep,
  groupHours,
  namedGroups,
  niceTop,
  ratePercent,
} from '../../src/screens/history/hour-groups.ts';

const HOUR_MS = 3_600_000;

function call(number: number): Call {
  return {callSid: `CA${number}`} as Call;
}

/** A gateway that scans a limited number of calls per request. */
function gatewayWith(matches: readonly boolean[], lookedAt: number) {
  let requests = 0;
  const load = async (cursor: string | undefined, limit: number): Promise<CallPage> => {
    requests += 1;
    const calls: Call[] = [];
    let at = cursor === undefined ? 0 : Number(cursor);
    const end = at + lookedAt;
    for (; at < Math.min(end, matches.length) && calls.length < limit; at += 1) {
      if (matches[at] === true) calls.push(call(at));
    }
    return {calls, ...(at < matches.length && {nextCursor: String(at)})};
  };
  return {load, requests: () => requests};
}

test('[H2] across pages, every match comes once and in order; a page takes a few requests at most', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), {maxLength: 300, size: 'max'}),
      fc.integer({min: 1, max: 60}),
      fc.integer({min: 1, max: 20}),
      async (matches, lookedAt, size) => {
        const gateway = gatewayWith(matches, lookedAt);
        const found: Call[] = [];
        let cursor: string | undefined;
        for (;;) {
          const before = gateway.requests();
          const page = await fillPage({load: gateway.load, cursor, size});
          assert.ok(gateway.requests() - before <= 4);
          assert.ok(page.calls.length <= size);
          found.push(...page.calls);
          cursor = page.nextCursor;
          if (cursor === undefined) break;
        }
        const expected = matches.flatMap((isMatch, at) => (isMatch ? [call(at)] : []));
        assert.deepEqual(found, expected);
      },
    ),
  );
});

test('calls that the shown page lacks are new', () => {
  assert.equal(countNew({calls: [call(2), call(1)]}, {calls: [call(4), call(3), call(2)]}), 2);
  assert.equal(countNew({calls: [call(2), call(1)]}, {calls: [call(2)]}), 0);
});

const bucket = fc.record({
  completed: fc.nat(50),
  busy: fc.nat(5),
  'no-answer': fc.nat(5),
  canceled: fc.nat(5),
  failed: fc.nat(5),
  answered: fc.nat(50),
});

function statistics(buckets: readonly Omit<CallStatistics['buckets'][number], 'start'>[]): CallStatistics {
  const from = Date.UTC(2026, 2, 27, 5);
  return {
    from: new Date(from).toISOString(),
    to: new Date(from + buckets.length * HOUR_MS).toISOString(),
    bucketMs: HOUR_MS,
    buckets: buckets.map((each, index) => ({...each, start: new Date(from + index * HOUR_MS).toISOString()})),
  };
}

test('[H2] for any bar width, every hour is in one group, in order, and the sums are equal', () => {
  fc.assert(
    fc.property(
      fc.array(bucket, {minLength: 1, maxLength: 200, size: 'max'}),
      fc.integer({min: 1, max: 1500}),
      fc.constantFrom(0, -330, 300, -60),
      (buckets, width, offsetMinutes) => {
        const step = chooseStep(buckets.length, width);
        const groups = groupHours(statistics(buckets), step, () => offsetMinutes * 60_000);
        const sum = addUp(groups);
        assert.equal(
          sum.answered,
          buckets.reduce((total, {answered}) => total + answered, 0),
        );
        assert.equal(
          sum.total,
          buckets.reduce(
            (all, each) => all + callOutcomes.reduce((some, outcome) => some + each[outcome], 0),
            0,
          ),
        );
        let end = Date.UTC(2026, 2, 27, 5);
        for (const group of groups) {
          assert.equal(group.start, end);
          assert.ok(group.end - group.start <= step * HOUR_MS);
          ({end} = group);
        }
        assert.equal(end, Date.UTC(2026, 2, 27, 5) + buckets.length * HOUR_MS);
        // Days start at local midnight, not at midnight UTC.
        for (const {start} of groups.slice(1))
          assert.equal(
            Math.abs((start - offsetMinutes * 60_000) % HOUR_MS),
            offsetMinutes % 60 === 0 ? 0 : 1_800_000,
          );
        assert.ok(namedGroups(groups, width / 64).length <= Math.max(1, width / 64) + 1);
      },
    ),
  );
});

test('bars are wide enough to point at, for 24 hours on a phone and 30 days on a desktop', () => {
  assert.equal(chooseStep(24, 250), 1);
  assert.equal(chooseStep(24, 1200), 1);
  assert.equal(chooseStep(168, 1200), 1);
  assert.equal(chooseStep(168, 250), 6);
  assert.equal(chooseStep(720, 1200), 4);
  assert.equal(chooseStep(744, 250), 24);
});

test('a rate is 100 % or 0 % only if it is exact', () => {
  const rate = (answered: number, total: number) => ratePercent({answered, total, counts: addUp([]).counts});
  assert.equal(rate(0, 0), '–');
  assert.equal(rate(0, 9), '0 %');
  assert.equal(rate(9, 9), '100 %');
  assert.equal(rate(999, 1000), '99 %');
  assert.equal(rate(1, 1000), '1 %');
  assert.equal(rate(1, 3), '33 %');
});

test('the axis ends with a round number that is at least the maximum', () => {
  for (const [max, top] of [
    [0, 1],
    [1, 1],
    [3, 4],
    [7, 10],
    [10, 10],
    [11, 20],
    [41, 50],
    [999, 1000],
  ] as const)
    assert.equal(niceTop(max), top);
});
