/** Samples of the last 15 minutes, taken from the existing metrics. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {pino} from 'pino';
import {systemClock} from '../../../../src/clock.ts';
import {createMetrics} from '../../../../src/observability/metrics.ts';
import {createProcessLoad} from '../../../../src/observability/process-load.ts';
import {HealthSampler, quantile} from '../../../../src/services/health/metric-samples.ts';
import {ManualClock} from '../../../support/manual-clock.ts';
import {until} from '../../../support/until.ts';

function setUp() {
  const clock = new ManualClock();
  const metrics = createMetrics();
  const now = {sessions: 0, calls: 0, started: 0, stopped: 0};
  const sampler = new HealthSampler({
    clock,
    metrics,
    sources: {openSessions: () => now.sessions, activeCalls: () => now.calls},
    load: {
      start: () => {
        now.started += 1;
      },
      stop: () => {
        now.stopped += 1;
      },
      take: () => ({eventLoopP99Ms: 1, cpuPercent: 2, rssBytes: 3}),
    },
    logger: pino({level: 'silent'}),
  });
  const sampled = (count: number) =>
    until(() => sampler.series().samples.length === count && sampler.series().samples, {
      what: `${count} samples`,
    });
  return {clock, metrics, now, sampler, sampled};
}

test('a sample is taken every five seconds, with counts per interval and current gauges', async () => {
  const {clock, metrics, now, sampler, sampled} = setUp();
  // Counts from before the start belong to no interval.
  metrics.callbacks.inc({verdict: 'applied'}, 100);
  sampler.start();
  metrics.messagesSent.inc(0);
  await Promise.resolve();
  now.sessions = 7;
  now.calls = 3;
  clock.advance(5000);
  await sampled(1);
  metrics.callbacks.inc({verdict: 'applied'}, 4);
  metrics.callbacks.inc({verdict: 'refused'}, 2);
  metrics.messagesSent.inc(9);
  for (let count = 0; count < 100; count += 1) metrics.appendSeconds.observe(0.002);
  clock.advance(5000);
  await sampled(2);
  now.sessions = 0;
  clock.advance(5000);
  const [first, second, third] = await sampled(3);
  assert.deepEqual([first?.webhooks, first?.sessions, first?.activeCalls], [0, 7, 3]);
  assert.deepEqual([second?.webhooks, second?.refused, second?.messagesSent], [6, 2, 9]);
  // All values are in the bucket from 1 to 2.5 ms.
  assert.deepEqual([second?.appendP50Ms, second?.appendP99Ms], [1.75, 2.49]);
  assert.deepEqual([third?.webhooks, third?.messagesSent, third?.sessions], [0, 0, 0]);
  assert.ok(third !== undefined && !('appendP50Ms' in third), 'nothing was written');
  assert.deepEqual([third.eventLoopP99Ms, third.cpuPercent, third.rssBytes], [1, 2, 3]);
  assert.equal(Date.parse(third.time) - Date.parse(second?.time ?? ''), 5000);
  assert.equal(sampler.series().intervalMs, 5000);
});

test('the sampler keeps 15 minutes of samples', async () => {
  const {clock, sampler, sampled} = setUp();
  sampler.start();
  clock.advance(15 * 60_000);
  const [oldest] = await sampled(180);
  clock.advance(5000);
  await until(() => sampler.series().samples[0]?.time !== oldest?.time);
  assert.equal(sampler.series().samples.length, 180);
});

test('nothing runs before start or after stop', async () => {
  const {clock, now, sampler, sampled} = setUp();
  assert.equal(clock.timerCount, 0);
  sampler.start();
  clock.advance(5000);
  await sampled(1);
  sampler.stop();
  assert.equal(clock.timerCount, 0);
  assert.deepEqual([now.started, now.stopped], [1, 1]);
});

test('quantiles are interpolated within their bucket', () => {
  const buckets = [
    {le: 1, count: 0},
    {le: 2, count: 10},
    {le: 4, count: 10},
    {le: Number.POSITIVE_INFINITY, count: 20},
  ];
  assert.equal(quantile(buckets, 0.25), 1.5);
  assert.equal(quantile(buckets, 0.5), 2);
  assert.equal(quantile(buckets, 0.99), 4, 'a quantile beyond the last bound is unknown');
  assert.equal(quantile([{le: 1, count: 0}], 0.5), undefined);
  assert.equal(quantile([], 0.5), undefined);
});

function blockLoop(ms: number): void {
  const started = performance.now();
  while (performance.now() - started < ms);
}

test('the sampler measures the load of this process', async () => {
  const load = createProcessLoad(systemClock);
  load.start();
  try {
    let looked = 0;
    const busy = await until(
      () => {
        looked += 1;
        // The histogram's first tick counts for nothing. Then the loop is blocked, so that the next tick is
        // late.
        if (looked % 20 === 10) blockLoop(250);
        const reading = looked % 20 === 0 ? load.take() : undefined;
        // If other processes use the processor, blocking the loop costs little CPU time here, so the test
        // tries again.
        const isBusy = reading !== undefined && reading.eventLoopP99Ms > 100 && reading.cpuPercent > 30;
        return isBusy && reading;
      },
      {what: 'the event loop to be blocked', timeoutMs: 30_000},
    );
    assert.ok(busy.rssBytes > 1e7);
  } finally {
    load.stop();
  }
});
