import assert from 'node:assert/strict';
import {test} from 'node:test';
import {nodeClockLabels, nodeHeartbeatLabels} from '../../src/screens/connections/node-labels.ts';

test('a late heartbeat is shown with its age', () => {
  assert.deepEqual(nodeHeartbeatLabels(1200), {text: 'now', isLate: false});
  assert.deepEqual(nodeHeartbeatLabels(7400), {text: '7 s ago', isLate: true});
});

test('a clock is in sync, or some seconds ahead or behind', () => {
  assert.deepEqual(nodeClockLabels(-300), {text: 'in sync', isOff: false});
  assert.deepEqual(nodeClockLabels(3_600_000), {text: '3,600 s ahead', isOff: true});
  assert.deepEqual(nodeClockLabels(-2500), {text: '3 s behind', isOff: true});
});
