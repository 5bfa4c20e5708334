/**
 * Measures the turns of the event loop. Node's default monitor measures how late a 10 ms timer is. That timer
 * alone wakes an idle process 100 times a second, which at 200 webhooks/s was a tenth of the cost of a
 * webhook. Sampling each turn causes no wake-ups.
 */
import {type ELDHistogram, monitorEventLoopDelay} from 'node:perf_hooks';
import {Gauge, type Registry} from 'prom-client';

/**
 * Starts measuring. Each reader needs its own histogram, because it resets it. Before Node 26, the timer adds
 * 10 ms.
 */
export function startEventLoopDelay(): ELDHistogram {
  const histogram = monitorEventLoopDelay({samplePerIteration: true});
  histogram.enable();
  return histogram;
}

/** The longest possible timer, 24 days: prom-client's own monitor cannot be disabled, but must not tick. */
export const NEVER_MS = 2 ** 31 - 1;

const readings: Readonly<Record<string, (histogram: ELDHistogram) => number>> = {
  min: ({min}) => min,
  max: ({max}) => max,
  mean: ({mean}) => mean,
  stddev: ({stddev}) => stddev,
  p50: (histogram) => histogram.percentile(50),
  p90: (histogram) => histogram.percentile(90),
  p99: (histogram) => histogram.percentile(99),
};

/**
 * Replaces prom-client's gauges by ours under the same names. Each scrape reads all of them and resets the
 * histogram.
 */
export function replaceEventLoopLag(registry: Registry): void {
  const histogram = startEventLoopDelay();
  const gauges = Object.entries(readings).map(([reading, read]) => {
    const name = `nodejs_eventloop_lag_${reading}_seconds`;
    registry.removeSingleMetric(name);
    const help = `Duration of event loop turns since the last scrape (${reading}).`;
    return {
      read,
      gauge: new Gauge({name, help, registers: [registry], collect: reading === 'min' ? take : () => {}}),
    };
  });
  // A scrape collects in the order of registration, so the first gauge reads the histogram for all of them.
  function take(): void {
    for (const {gauge, read} of gauges) gauge.set(histogram.count === 0 ? 0 : read(histogram) / 1e9);
    histogram.reset();
  }
}
