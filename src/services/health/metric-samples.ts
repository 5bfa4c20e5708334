/**
 * Samples of the last 15 minutes for sparklines. All values come from the existing metrics, so that no hot
 * path does more work.
 */
import type {HealthSample, HealthSeries} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {MetricSources, Metrics} from '../../observability/metrics.ts';
import type {ProcessLoad} from '../../observability/process-load.ts';
import {toIso} from '../feed/call-messages.ts';

export interface SeriesOptions {
  readonly metrics: Metrics;
  readonly sources: Pick<MetricSources, 'openSessions' | 'activeCalls'>;
  readonly load: ProcessLoad;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL_MS = 5000;
const KEPT_MS = 15 * 60_000;
const MAX_SAMPLES = KEPT_MS / INTERVAL_MS;

/** Counts since the process started. */
interface Totals {
  readonly webhooks: number;
  readonly refused: number;
  readonly messagesSent: number;
  /** Cumulative buckets of append durations, ascending. `le` is in seconds. */
  readonly appends: readonly Bucket[];
}

interface Bucket {
  readonly le: number;
  readonly count: number;
}

export class HealthSampler {
  readonly #options: SeriesOptions;
  readonly #samples: HealthSample[] = [];
  #cancel: CancelTimer | undefined;
  #before: Totals | undefined;
  /** Serializes the samples. */
  #sampling: Promise<void> = Promise.resolve();

  constructor(options: SeriesOptions) {
    this.#options = options;
  }

  start(): void {
    const {clock, load} = this.#options;
    load.start();
    this.#sampling = this.#count();
    this.#cancel = clock.every(INTERVAL_MS, () => {
      const time = toIso(clock.now());
      this.#sampling = this.#sampling.then(() => this.#sample(time));
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#options.load.stop();
  }

  series(): HealthSeries {
    return {intervalMs: INTERVAL_MS, samples: [...this.#samples]};
  }

  async #count(): Promise<void> {
    this.#before = await readTotals(this.#options.metrics);
  }

  async #sample(time: string): Promise<void> {
    // The sampler was stopped while this sample waited, and its gauges no longer exist.
    if (this.#cancel === undefined) return;
    const {metrics, sources, load, logger} = this.#options;
    try {
      const before = this.#before;
      const gauges = {sessions: sources.openSessions(), activeCalls: sources.activeCalls(), ...load.take()};
      const now = await readTotals(metrics);
      this.#before = now;
      if (before === undefined) return;
      this.#samples.push({
        time,
        webhooks: now.webhooks - before.webhooks,
        refused: now.refused - before.refused,
        messagesSent: now.messagesSent - before.messagesSent,
        ...appendTimes(before.appends, now.appends),
        ...gauges,
      });
      if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    } catch (error) {
      logger.warn({err: error}, 'could not take a sample of the metrics');
    }
  }
}

/** A value of `prom-client`. Histograms have further values next to their buckets. */
interface MetricValue {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly metricName?: string;
}

async function readTotals(metrics: Metrics): Promise<Totals> {
  const [callbacks, sent, appends] = await Promise.all([
    metrics.callbacks.get(),
    metrics.messagesSent.get(),
    metrics.appendSeconds.get(),
  ]);
  const webhooks: readonly MetricValue[] = callbacks.values;
  const refused = webhooks.filter(({labels}) => labels['verdict'] === 'refused');
  const histogram: readonly MetricValue[] = appends.values;
  return {
    webhooks: sum(webhooks),
    refused: sum(refused),
    messagesSent: sum(sent.values),
    appends: histogram
      .filter(({labels}) => labels['le'] !== undefined)
      .map(({labels, value}) => ({
        le: Number(String(labels['le']).replace('+Inf', 'Infinity')),
        count: value,
      })),
  };
}

function sum(values: readonly MetricValue[]): number {
  return values.reduce((total, {value}) => total + value, 0);
}

function appendTimes(before: readonly Bucket[], now: readonly Bucket[]) {
  const buckets = now.map(({le, count}, at) => ({le, count: count - (before[at]?.count ?? 0)}));
  const [p50, p99] = [quantile(buckets, 0.5), quantile(buckets, 0.99)];
  if (p50 === undefined || p99 === undefined) return {};
  return {appendP50Ms: round(p50 * 1000), appendP99Ms: round(p99 * 1000)};
}

/**
 * A quantile of a histogram, interpolated within its bucket. Values above the highest finite bound return
 * that bound. `undefined` if the histogram is empty.
 */
export function quantile(buckets: readonly Bucket[], q: number): number | undefined {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return undefined;
  const rank = q * total;
  let lower: Bucket = {le: 0, count: 0};
  for (const bucket of buckets) {
    if (bucket.count >= rank) {
      if (bucket.le === Number.POSITIVE_INFINITY || bucket.count === lower.count) return lower.le;
      return lower.le + ((bucket.le - lower.le) * (rank - lower.count)) / (bucket.count - lower.count);
    }
    lower = bucket;
  }
  return lower.le;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
