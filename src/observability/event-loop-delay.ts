/**
 * How long the turns of the event loop take. Node's usual monitor measures how late a timer of 10 ms is: that timer alone
 * wakes an otherwise idle process 100 times a second, which at 200 webhooks/s was a tenth of what a webhook cost. Sampling
 * each turn as it happens wakes nobody.
 */
import {type ELDHistogram, monitorEventLoopDelay} from 'node:perf_hooks';
import {Gauge, type Registry} from 'prom-client';

/** Starts measuring. Each reader has its own, because a reader resets it. Node before 26 adds its timer's 10 ms. */
export function startEventLoopDelay(): ELDHistogram {
  const histogram = monitorEventLoopDelay({samplePerIteration: true});
  histogram.enable();
  return histogram;
}

/** What a timer can be set to at most, 24 days: prom-client's own monitor cannot be left out, but shall not tick. */
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

/** Puts gauges under the names of prom-client's monitor that are read from ours. A scrape reads all of them and begins anew. */
export function replaceEventLoopLag(registry: Registry): void {
  const histogram = startEventLoopDelay();
  const gauges = Object.entries(readings).map(([reading, read]) => {
    const name = `nodejs_eventloop_lag_${reading}_seconds`;
    registry.removeSingleMetric(name);
    const help = `Turns of the event loop since the last scrape: how long they took (${reading}).`;
    return {
      read,
      gauge: new Gauge({name, help, registers: [registry], collect: reading === 'min' ? take : () => {}}),
    };
  });
  // A scrape collects in the order of registration: the first gauge reads for all of them.
  function take(): void {
    for (const {gauge, read} of gauges) gauge.set(histogram.count === 0 ? 0 : read(histogram) / 1e9);
    histogram.reset();
  }
}
