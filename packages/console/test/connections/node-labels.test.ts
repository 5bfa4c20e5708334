import assert from 'node:assert/strict';
import {test} from 'node:test';
import {nodeClockLabels, nodeHeartbeatLabels} from '../../src/screens/connections/node-labels.ts';

test('a heartbeat is told of once it is late', () => {
  assert.deepEqual(nodeHeartbeatLabels(1200), {text: 'now', isLate: false});
  assert.deepEqual(nodeHeartbeatLabels(7400), {text: '7 s ago', isLate: true});
});

test('a clock is right, or so many seconds off to one side', () => {
  assert.deepEqual(nodeClockLabels(-300), {text: 'right', isOff: false});
  assert.deepEqual(nodeClockLabels(3_600_000), {text: '3,600 s ahead', isOff: true});
  assert.deepEqual(nodeClockLabels(-2500), {text: '3 s behind', isOff: true});
});
