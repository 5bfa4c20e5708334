import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {hasEnded, type ProviderStatus, providerStatuses, statusRank} from '@hookswitch/protocol';
import fc from 'fast-check';
import type {CallRecord, StatusEvent, Verdict} from '../../../src/journal/call-event.ts';
import {transition} from '../../../src/journal/transition.ts';
import {START, status} from '../../support/journal/journal-events.ts';

/**
 * The verdict when an event with the column's status and a higher SequenceNumber reaches a call in the row's
 * status.
 *
 * `a` is applied, `l` is late, `d` is a duplicate.
 */
const table: Readonly<Record<ProviderStatus, string>> = {
  //              queued initiated ringing in-progress completed busy failed no-answer canceled
  queued: '       d      a         a       a           a         a    a      a         a',
  initiated: '    l      d         a       a           a         a    a      a         a',
  ringing: '      l      l         d       a           a         a    a      a         a',
  'in-progress': 'l      l         l       d           a         a    a      a         a',
  completed: '    l      l         l       l           d         l    l      l         l',
  busy: '         l      l         l       l           l         d    l      l         l',
  failed: '       l      l         l       l           l         l    d      l         l',
  'no-answer': '  l      l         l       l           l         l    l      d         l',
  canceled: '     l      l         l       l           l         l    l      l         d',
};

const letters: Readonly<Record<string, Verdict>> = {a: 'applied', l: 'late', d: 'duplicate'};

function callIn(providerStatus: ProviderStatus, sequence: number | undefined): CallRecord {
  return transition(undefined, {...status('CA1', providerStatus), sequence}, 1).call;
}

describe('transition', () => {
  for (const from of providerStatuses) {
    const verdicts = table[from].trim().split(/\s+/);
    for (const [index, to] of providerStatuses.entries()) {
      const expected = letters[verdicts[index] ?? ''];
      test(`[J4] ${from}, then ${to}: ${expected}`, () => {
        for (const [known, arriving] of [
          [1, 2],
          [undefined, 2],
          [1, undefined],
          [undefined, undefined],
        ] as const) {
          const before = callIn(from, known);
          const after = transition(before, {...status('CA1', to), sequence: arriving}, 2);
          assert.equal(after.verdict, expected);
          assert.equal(after.call.providerStatus, expected === 'applied' ? to : from);
          assert.equal(after.call.offset, expected === 'applied' ? 2 : 1);
        }
      });

      test(`[J4] ${from}, then ${to} with a lower or the same SequenceNumber is never applied`, () => {
        for (const sequence of [0, 1]) {
          const after = transition(callIn(from, 1), status('CA1', to, {sequence}), 2);
          assert.equal(after.verdict, from === to ? 'duplicate' : 'late');
          assert.equal(after.call.providerStatus, from);
        }
      });
    }
  }

  test('[J5] the first event of a call creates it with any status', () => {
    for (const providerStatus of providerStatuses) {
      const {verdict, call} = transition(undefined, status('CA1', providerStatus), 5, {owner: 'ann'});
      assert.equal(verdict, 'applied');
      assert.equal(call.providerStatus, providerStatus);
      assert.equal(call.firstOffset, 5);
      assert.equal(call.owner, 'ann');
      assert.equal(call.endedAt !== undefined, hasEnded(providerStatus));
    }
  });

  test('[W1] only a completed call has a duration', () => {
    const ended = (providerStatus: ProviderStatus) =>
      transition(callIn('ringing', 1), status('CA1', providerStatus, {duration: 0}), 2).call.duration;
    assert.equal(ended('completed'), 0);
    for (const other of ['busy', 'failed', 'no-answer', 'canceled'] as const)
      assert.equal(ended(other), undefined);
  });

  test('[W1] an unknown duration is filled in by the same final status, and by no other', () => {
    const bare = transition(callIn('in-progress', 2), status('CA1', 'completed'), 2).call;
    assert.equal(bare.duration, undefined);
    assert.equal(transition(bare, status('CA1', 'failed', {duration: 9}), 3).call.duration, undefined);
    const {verdict, call} = transition(bare, status('CA1', 'completed', {duration: 7}), 3);
    assert.deepEqual([verdict, call.duration, call.offset], ['applied', 7, 3]);
    assert.equal(transition(call, status('CA1', 'completed', {duration: 8}), 4).call.duration, 7);
    const failed = transition(callIn('ringing', 1), status('CA1', 'failed'), 2).call;
    assert.equal(transition(failed, status('CA1', 'completed', {duration: 7}), 3).call.duration, undefined);
  });

  test('[J4] a late event fills in unknown fields and overwrites nothing', () => {
    const bare = {...status('CA1', 'completed'), from: undefined, to: undefined};
    const {call} = transition(undefined, bare, 1);
    const late = status('CA1', 'in-progress', {answeredBy: 'human', receivedAt: START + 9000});
    const after = transition(call, late, 2).call;
    assert.equal(after.from, '+15550100001');
    assert.equal(after.answeredBy, 'human');
    assert.equal(after.answeredAt, late.happenedAt);
    assert.equal(after.updatedAt, START + 9000);
    const again = transition(after, {...late, answeredBy: 'machine_start', from: '+1'}, 3).call;
    assert.equal(again.answeredBy, 'human');
    assert.equal(again.from, '+15550100001');
  });
});

/** Any event of one call. */
const anyEvent: fc.Arbitrary<StatusEvent> = fc
  .record({
    providerStatus: fc.constantFrom(...providerStatuses),
    sequence: fc.option(fc.nat({max: 6}), {nil: undefined}),
    at: fc.nat({max: 60_000}),
    source: fc.constantFrom('callback' as const, 'api' as const, 'reconcile' as const),
  })
  .map(({providerStatus, sequence, at, source}) => ({
    ...status('CA1', providerStatus),
    sequence,
    source,
    happenedAt: START + at,
    receivedAt: START + at,
  }));

/** The callbacks of one call as Twilio numbers them, with some steps missing. */
const lifeOfACall: fc.Arbitrary<readonly StatusEvent[]> = fc
  .record({
    steps: fc.subarray(['initiated', 'ringing', 'in-progress'] as const),
    end: fc.constantFrom('completed', 'busy', 'failed', 'no-answer', 'canceled'),
  })
  .map(({steps, end}) =>
    [...steps, end].map((each, sequence) => ({...status('CA1', each as ProviderStatus), sequence})),
  );

function fold(events: readonly StatusEvent[]): readonly CallRecord[] {
  const calls: CallRecord[] = [];
  for (const [index, event] of events.entries()) calls.push(transition(calls.at(-1), event, index + 1).call);
  return calls;
}

describe('properties of transition for any sequence of events', () => {
  test('[J4] the rank never decreases, and the first final status stays', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, {minLength: 1, maxLength: 20}), (events) => {
        let before: CallRecord | undefined;
        for (const call of fold(events)) {
          if (before !== undefined) {
            assert.ok(statusRank(call.providerStatus) >= statusRank(before.providerStatus));
            if (hasEnded(before.providerStatus)) {
              assert.equal(call.providerStatus, before.providerStatus);
              assert.equal(call.endedAt, before.endedAt);
              assert.equal(call.offset, before.offset);
            }
            assert.equal(call.firstOffset, before.firstOffset);
            assert.equal(call.createdAt, before.createdAt);
            assert.ok(call.updatedAt >= before.updatedAt);
          }
          before = call;
        }
      }),
    );
  });

  test('[J4] the callbacks of a call lead to the same status in any order and with any repetition', () => {
    const disordered = lifeOfACall.chain((life) =>
      fc.array(fc.constantFrom(...life), {maxLength: 8}).chain((repeats) =>
        fc.record({
          life: fc.constant(life),
          order: fc.shuffledSubarray([...life, ...repeats], {minLength: life.length + repeats.length}),
        }),
      ),
    );
    fc.assert(
      fc.property(disordered, ({life, order}) => {
        const end = life.at(-1);
        assert.equal(fold(order).at(-1)?.providerStatus, end?.providerStatus);
        assert.equal(fold(order).at(-1)?.endedAt, end?.happenedAt);
      }),
    );
  });

  test('[J4] the same events produce the same call, and the inputs are not modified', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, {minLength: 1, maxLength: 20}), (events) => {
        const copy = structuredClone(events);
        assert.deepEqual(fold(events), fold(copy));
        assert.deepEqual(events, copy);
      }),
    );
  });
});
