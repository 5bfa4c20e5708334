import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {JournalEntry} from '../../../src/journal/call-event.ts';
import {EntryRing} from '../../../src/journal/entry-ring.ts';
import {status} from '../../support/journal/journal-events.ts';

function entry(offset: number): JournalEntry {
  return {offset, event: status('CA1', 'ringing'), verdict: 'applied'};
}

test('[J3] the ring returns exactly the next entries, or reports that it does not hold them', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({push: fc.integer({min: 1, max: 50})}),
      fc.record({moveBy: fc.integer({min: 1, max: 5})}),
    ),
    {maxLength: 40},
  );
  fc.assert(
    fc.property(steps, fc.nat({max: 12}), fc.integer({min: 1, max: 10}), (all, back, limit) => {
      const ring = new EntryRing({maxEntries: 7, maxBytes: 100});
      for (const step of all) {
        if ('moveBy' in step) ring.moveTo(ring.last + step.moveBy);
        else ring.push(entry(ring.last + 1), step.push);
        const after = Math.max(0, ring.last - back);
        const given = ring.after(after, limit);
        if (given === undefined) continue;
        const expected = Array.from(
          {length: Math.min(limit, ring.last - after)},
          (_, index) => after + 1 + index,
        );
        assert.deepEqual(
          given.map(({offset}) => offset),
          expected,
        );
      }
    }),
  );
});

test('[W13] the ring is bounded by entries and by bytes, and holds the newest', () => {
  const ring = new EntryRing({maxEntries: 5, maxBytes: 100});
  for (let offset = 1; offset <= 20; offset += 1) ring.push(entry(offset), 10);
  assert.equal(ring.after(14, 10), undefined);
  assert.equal(ring.after(15, 10)?.length, 5);
  for (let offset = 21; offset <= 30; offset += 1) ring.push(entry(offset), 40);
  assert.equal(ring.after(27, 10), undefined);
  assert.equal(ring.after(28, 10)?.length, 2);
  ring.push(entry(31), 1000);
  assert.equal(ring.after(30, 10)?.length, 1);
});

test('[J3] an entry that leaves a gap empties the ring', () => {
  const ring = new EntryRing();
  ring.push(entry(1), 1);
  ring.push(entry(3), 1);
  assert.equal(ring.after(0, 10), undefined);
  assert.equal(ring.after(1, 10), undefined);
  assert.equal(ring.after(2, 10)?.length, 1);
});
