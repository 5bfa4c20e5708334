import assert from 'node:assert/strict';
import {test} from 'node:test';
import {appendMeasurements, groupMeasurements, measuredOn} from './measured.ts';

test('what was written is what the types say: positive figures, one for each load of each number of nodes', () => {
  assert.match(measuredOn, /^\d{4}-\d\d-\d\d$/);
  for (const one of [...appendMeasurements, ...groupMeasurements])
    for (const [name, value] of Object.entries(one)) assert.ok(Number.isFinite(value) && value > 0, name);
  const loads = appendMeasurements.map(({nodes, inFlight}) => `${nodes}/${inFlight}`);
  assert.equal(new Set(loads).size, loads.length);
  assert.ok(appendMeasurements.some(({nodes}) => nodes === 1) && groupMeasurements.length >= 2);
});

test('groups are from small to large, and no group is larger than what was under way', () => {
  const sizes = groupMeasurements.map(({size}) => size);
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => a - b),
  );
  for (const {groupSize, inFlight} of appendMeasurements) assert.ok(groupSize <= inFlight);
});
