import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {calibrate, entryCpuUs, heldMs} from './costs.ts';
import {journalCosts} from './costs-of-tests.ts';
import {fit} from './least-squares.ts';
import type {AppendMeasurement, GroupMeasurement} from './measured.ts';

const SIZES = [1, 10, 50, 100, 500];

/** What would be measured if the costs were exactly these. */
function measurementsOf(costs: typeof journalCosts): {
  groups: GroupMeasurement[];
  appends: AppendMeasurement[];
} {
  const groups = SIZES.map((size) => {
    const lockedMs = heldMs(costs, size);
    return {size, lockedMs, perSecond: (size / (lockedMs + costs.gapMs)) * 1000};
  });
  const appends = [1, 2, 3].flatMap((nodes) =>
    [8, 60, 400].map((groupSize) => ({
      ...{nodes, inFlight: nodes * groupSize, groupSize, perSecond: 1, p50Ms: 1, p99Ms: 1},
      nodeCpuUs: entryCpuUs(costs.node, nodes, groupSize),
      postgresCpuUs: entryCpuUs(costs.postgres, nodes, groupSize),
    })),
  );
  return {groups, appends};
}

function assertClose(actual: number, expected: number, what: string): void {
  assert.ok(
    Math.abs(actual - expected) <= 1e-3 * Math.abs(expected) + 1e-3,
    `${what}: ${actual}, not ${expected}`,
  );
}

test('costs are found again in what they would be measured as', () => {
  const cpu = fc.record({
    entryUs: fc.integer({min: 20, max: 800}),
    groupUs: fc.integer({min: 0, max: 3000}),
    readEntryUs: fc.integer({min: 0, max: 60}),
    readGroupUs: fc.integer({min: 0, max: 1000}),
  });
  const times = fc.record({
    groupMs: fc.integer({min: 1, max: 50}),
    entryMs: fc.integer({min: 1, max: 10}),
    gapMs: fc.integer({min: 1, max: 30}),
  });
  fc.assert(
    fc.property(times, cpu, cpu, ({groupMs, entryMs, gapMs}, node, postgres) => {
      const costs = {
        ...journalCosts,
        groupMs: groupMs / 10,
        entryMs: entryMs / 50,
        gapMs: gapMs / 10,
        node,
        postgres,
      };
      const {groups, appends} = measurementsOf(costs);
      const found = calibrate(groups, appends);
      for (const key of ['groupMs', 'entryMs', 'gapMs'] as const) assertClose(found[key], costs[key], key);
      for (const key of Object.keys(node) as (keyof typeof node)[]) {
        assertClose(found.node[key], node[key], `node ${key}`);
        assertClose(found.postgres[key], postgres[key], `postgres ${key}`);
      }
    }),
    {numRuns: 60},
  );
});

test('a cost that would be negative is none, and the others explain the rest', () => {
  const equations = [1, 2, 4, 8].map((x) => ({factors: [1, x], value: 3 * x - 2}));
  const [constant = Number.NaN, slope = Number.NaN] = fit(equations);
  assert.equal(constant, 0);
  assert.ok(slope > 1 && slope < 3);
});

test('what could not be measured is left out', () => {
  const {groups, appends} = measurementsOf(journalCosts);
  const without = appends.map((append) => ({...append, postgresCpuUs: Number.NaN}));
  const {postgres, node} = calibrate(groups, without);
  assert.deepEqual(postgres, {entryUs: 0, groupUs: 0, readEntryUs: 0, readGroupUs: 0});
  assertClose(node.entryUs, journalCosts.node.entryUs, 'node');
});

test('groups of one size say nothing of what an entry costs', () => {
  assert.throws(() => calibrate([{size: 5, lockedMs: 1, perSecond: 900}], []), /two sizes/);
});
