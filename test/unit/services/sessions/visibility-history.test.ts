/** The visibility filters through which a session was served, as far back as they are remembered. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {type VisibilityFilter, visibilityOf} from '../../../../src/services/feed/visibility.ts';
import {
  MAX_KEYS_LENGTH,
  MAX_SPANS,
  spanOf,
  type VisibilitySpan,
  withVisibility,
} from '../../../../src/services/sessions/visibility-history.ts';

function visibility(key: string): VisibilityFilter {
  return {key, sees: () => true};
}

const A = visibility('a');
const B = visibility('b');
const C = visibility('c');

function shown(spans: readonly VisibilitySpan[]): readonly [number, string][] {
  return spans.map(({after, visibility: {key}}) => [after, key]);
}

test('a change takes effect after the cursor at which it was made', () => {
  const spans = withVisibility([{after: 3, visibility: A}], 7, B);
  assert.deepEqual(
    [3, 4, 7, 8, 100].map((offset) => spanOf(spans, offset)?.visibility.key),
    [undefined, 'a', 'a', 'b', 'b'],
  );
});

test('a filter that delivered nothing is not kept, and repeating the filter is no change', () => {
  const start = [{after: 3, visibility: A}];
  assert.equal(withVisibility(start, 9, visibility('a')), start);
  assert.deepEqual(shown(withVisibility(start, 3, B)), [[3, 'b']]);
  const there = withVisibility(start, 5, B);
  assert.deepEqual(shown(withVisibility(there, 5, C)), [
    [3, 'a'],
    [5, 'c'],
  ]);
  assert.deepEqual(shown(withVisibility(there, 5, A)), [[3, 'a']], 'to another filter and back');
});

test('of many changes the last are kept, and the oldest of them marks where the history starts', () => {
  let spans: readonly VisibilitySpan[] = [{after: 0, visibility: A}];
  for (let at = 1; at <= 100; at += 1) spans = withVisibility(spans, at, visibility(String(at)));
  assert.equal(spans.length, MAX_SPANS);
  assert.equal(spans[0]?.after, 100 - MAX_SPANS + 1);
  assert.equal(spanOf(spans, 1), undefined);
});

test('the total length of subscriptions is bounded, so that a client cannot fill the memory', () => {
  const principal = {user: 'ann', scopes: new Set(['calls:read:all'] as const)};
  const sids = (first: number) =>
    Array.from({length: 100}, (_, index) => `CA${(first + index).toString(16).padStart(32, '0')}`);
  let spans: readonly VisibilitySpan[] = [{after: 0, visibility: A}];
  for (let at = 1; at <= 50; at += 1) spans = withVisibility(spans, at, visibilityOf(principal, sids(at)));
  const past = spans.slice(0, -1).reduce((sum, span) => sum + span.visibility.key.length, 0);
  assert.ok(past <= MAX_KEYS_LENGTH, `${past} characters`);
  assert.deepEqual(
    spans.map(({after}) => after),
    [49, 50],
  );
});

test('for any sequence of changes, every offset after the first span has the filter of its time', () => {
  const change = fc.record({by: fc.nat({max: 3}), visibility: fc.constantFrom(A, B, C)});
  fc.assert(
    fc.property(fc.array(change, {maxLength: 40}), (changes) => {
      let spans: readonly VisibilitySpan[] = [{after: 0, visibility: A}];
      let current = A;
      const then: string[] = [];
      for (const step of changes) {
        for (let left = step.by; left > 0; left -= 1) then.push(current.key);
        current = step.visibility;
        spans = withVisibility(spans, then.length, current);
      }
      assert.ok(spans.length <= MAX_SPANS);
      for (const [index, key] of then.entries()) {
        const span = spanOf(spans, index + 1);
        if (span === undefined) assert.ok(index + 1 <= (spans[0]?.after ?? 0));
        else assert.equal(span.visibility.key, key);
      }
    }),
  );
});
