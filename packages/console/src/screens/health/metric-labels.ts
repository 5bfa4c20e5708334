/** The metrics of the last 15 minutes with their units and labels. Pure. */
import type {HealthSample, HealthSeries} from '@hookswitch/protocol';

export interface Metric {
  readonly id: string;
  readonly name: string;
  /** Unit of a value: `in 5 s`, `open`. */
  readonly unit: string;
  readonly value: (sample: HealthSample) => number | undefined;
  readonly format: (value: number) => string;
  /** The value at the top of the chart, if there is a fixed maximum. */
  readonly max?: number;
  /** Any value above zero is highlighted. */
  readonly isBad?: boolean;
}

export interface MetricReading {
  /** Oldest first; `undefined` for missing samples. */
  readonly values: readonly (number | undefined)[];
  /** The last measured value: `12`, `3.4`; `undefined` if there is none. */
  readonly current: string | undefined;
  /** Whether `current` is from the last sample. */
  readonly isNow: boolean;
  readonly min: string | undefined;
  readonly max: string | undefined;
  /** For screen readers. */
  readonly sentence: string;
}

const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const fine = new Intl.NumberFormat('en', {maximumSignificantDigits: 3});

const count = (value: number) => whole.format(value);
/** Three significant digits for times. */
const digits = (value: number) => (value >= 100 ? whole.format(value) : fine.format(value));
const mebibytes = (value: number) => whole.format(value / 1024 / 1024);

/** A count refers to one interval. */
export function metricsOf({intervalMs}: Pick<HealthSeries, 'intervalMs'>): readonly Metric[] {
  const per = `in ${fine.format(intervalMs / 1000)} s`;
  return [
    {id: 'webhooks', name: 'Webhooks', unit: per, value: (sample) => sample.webhooks, format: count},
    {
      id: 'refused',
      name: 'Refused',
      unit: per,
      value: (sample) => sample.refused,
      format: count,
      isBad: true,
    },
    {id: 'messages', name: 'Messages sent', unit: per, value: (sample) => sample.messagesSent, format: count},
    {id: 'sessions', name: 'Sessions', unit: 'open', value: (sample) => sample.sessions, format: count},
    {id: 'calls', name: 'Active calls', unit: 'now', value: (sample) => sample.activeCalls, format: count},
    {id: 'append-p50', name: 'Append p50', unit: 'ms', value: (sample) => sample.appendP50Ms, format: digits},
    {id: 'append-p99', name: 'Append p99', unit: 'ms', value: (sample) => sample.appendP99Ms, format: digits},
    {
      id: 'event-loop',
      name: 'Event loop p99',
      unit: 'ms',
      value: (sample) => sample.eventLoopP99Ms,
      format: digits,
    },
    {id: 'cpu', name: 'CPU', unit: '%', value: (sample) => sample.cpuPercent, format: digits, max: 100},
    {id: 'memory', name: 'Memory', unit: 'MiB', value: (sample) => sample.rssBytes, format: mebibytes},
  ];
}

export function readMetric(metric: Metric, {samples, intervalMs}: HealthSeries): MetricReading {
  const values = samples.map(metric.value);
  const measured = values.filter((value) => value !== undefined);
  const last = measured.at(-1);
  if (last === undefined) {
    const sentence = `${metric.name}: no data.`;
    return {values, current: undefined, isNow: false, min: undefined, max: undefined, sentence};
  }
  // A loop instead of a spread, because a long list would exceed the argument limit.
  const [min, max] = measured.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [last, last],
  );
  const [current, lowest, highest] = [metric.format(last), metric.format(min), metric.format(max)];
  const isNow = values.at(-1) !== undefined;
  const minutes = Math.max(1, Math.round((samples.length * intervalMs) / 60_000));
  const span = minutes === 1 ? 'minute' : `${minutes} minutes`;
  const sentence = `${metric.name}: ${isNow ? '' : 'last '}${current} ${metric.unit}, between ${lowest} and ${highest} in the last ${span}.`;
  return {values, current, isNow, min: lowest, max: highest, sentence};
}
