import assert from 'node:assert/strict';
import {test} from 'node:test';
import {nodeClockWords, nodeHeartbeatWords} from '../../src/screens/connections/node-words.ts';

test('a heartbeat is told of once it is late', () => {
  assert.deepEqual(nodeHeartbeatWords(1200), {text: 'now', isLate: false});
  assert.deepEqual(nodeHeartbeatWords(7400), {text: '7 s ago', isLate: true});
});

test('a clock is right, or so many seconds off to one side', () => {
  assert.deepEqual(nodeClockWords(-300), {text: 'right', isOff: false});
  assert.deepEqual(nodeClockWords(3_600_000), {text: '3,600 s ahead', isOff: true});
  assert.deepEqual(nodeClockWords(-2500), {text: '3 s behind', isOff: true});
});
