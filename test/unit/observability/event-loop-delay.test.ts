/** The event loop delay in the metrics. Measuring it does not wake an idle process. */
import assert from 'node:assert/strict';
import {performance} from 'node:perf_hooks';
import {test} from 'node:test';
import {setTimeout as wait} from 'node:timers/promises';
import {createMetrics, observe, printMetrics} from '../../../src/observability/metrics.ts';
import {createProcessLoad} from '../../../src/observability/process-load.ts';
import {ManualClock} from '../../support/manual-clock.ts';

const BLOCKED_MS = 200;
const IDLE_MS = 1000;
/** Node's own monitor causes 100 loop turns in this time, and two monitors up to 200. */
const MOST_TURNS = 30;

const none = () => 0;
const metrics = createMetrics();
observe(metrics, {openSessions: none, laggingSessions: none, activeCalls: none});

async function lag(reading: string): Promise<number> {
  const {text} = await printMetrics(metrics);
  const line = text.split('\n').find((each) => each.startsWith(`nodejs_eventloop_lag_${reading}_seconds `));
  return Number(line?.split(' ')[1]);
}

test('[H4] a long turn shows in the lag of the next scrape, and only in that one', async () => {
  await lag('max');
  await wait(1);
  const blockedUntil = performance.now() + BLOCKED_MS;
  while (performance.now() < blockedUntil);
  await wait(1);
  // One scrape reads all metrics.
  const {text} = await printMetrics(metrics);
  const max = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1];
  assert.ok(Number(max) >= BLOCKED_MS / 1000, `max ${max}`);
  for (const reading of ['min', 'mean', 'stddev', 'p50', 'p90', 'p99'])
    assert.match(text, new RegExp(`^nodejs_eventloop_lag_${reading}_seconds \\d`, 'm'));
  assert.match(text, /^nodejs_eventloop_lag_seconds \d/m);
  assert.ok((await lag('max')) < Number(max));
});

test('measuring the event loop delay does not wake an idle process', async () => {
  const load = createProcessLoad(new ManualClock());
  load.start();
  try {
    const before = performance.nodeTiming.uvMetricsInfo.loopCount;
    await wait(IDLE_MS);
    const turns = performance.nodeTiming.uvMetricsInfo.loopCount - before;
    assert.ok(turns < MOST_TURNS, `${turns} turns in ${IDLE_MS} ms`);
  } finally {
    load.stop();
  }
});
