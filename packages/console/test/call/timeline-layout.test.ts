/** The layout of a call's timeline in pixels. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {CallDetail} from '@hookswitch/protocol';
import {layOut, lengthText, sizes} from '../../src/screens/call/timeline-layout.ts';
import {buildTimeline} from '../../src/screens/call/timeline-model.ts';

const T0 = Date.parse('2026-03-01T12:00:00.000Z');
const iso = (ms: number) => new Date(T0 + ms).toISOString();
const ringing: CallDetail = {
  callSid: 'CA1',
  status: 'ringing',
  providerStatus: 'ringing',
  direction: 'inbound',
  from: '',
  to: '',
  createdAt: iso(0),
  updatedAt: iso(0),
  offset: 1,
  legs: [],
  events: [],
};

test('the layout stays within its width, stacks lanes, and has a minimum width', () => {
  const leg = {...ringing, callSid: 'CA2', parentCallSid: 'CA1', createdAt: iso(400)};
  const timeline = buildTimeline({...ringing, legs: [leg]}, T0 + 10_000);
  for (const available of [0, 300, 1200]) {
    const {width, left, height, lanes, ticks, nowX, axisY} = layOut(timeline, available);
    assert.equal(width, Math.max(available, sizes.minWidth));
    const right = width - sizes.margin;
    assert.equal(nowX, right);
    for (const {bars, barY} of lanes) {
      assert.ok(barY + sizes.barHeight <= axisY && axisY < height);
      for (const bar of bars) assert.ok(bar.x >= left && bar.x + bar.width <= right + 0.001);
    }
    assert.ok((lanes[0]?.barY ?? 0) + sizes.barHeight < (lanes[1]?.barY ?? 0));
    assert.ok(ticks.every(({x}) => x >= left && x <= right));
  }
});

test('lengths are formatted', () => {
  assert.deepEqual([500, 90_000, 3_600_000, 3 * 3_600_000 + 300_000].map(lengthText), [
    '500 ms',
    '2 min',
    '1 h',
    '3 h 5 min',
  ]);
});
