/** Groups hourly counts into bars, and computes the chart's axes. Pure. */
import type {CallOutcome, CallStatistics} from '@hookswitch/protocol';
import {callOutcomes} from './history-filter.ts';
import {isMidnight} from './hour-labels.ts';

export interface CallCounts {
  readonly counts: Readonly<Record<CallOutcome, number>>;
  readonly total: number;
  readonly answered: number;
}

export interface HourGroup extends CallCounts {
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
}

/** Hours per bar; each value divides a day. */
const STEPS = [1, 2, 3, 4, 6, 12, 24] as const;
/** Minimum width of a bar and its gap, in pixels. */
const MIN_BAR = 6;

/** Hours per bar, so that the bars are wide enough to point at. */
export function chooseStep(hours: number, width: number): number {
  return STEPS.find((step) => Math.ceil(hours / step) * MIN_BAR <= width) ?? 24;
}

/**
 * @param offsetMs how far local time is behind UTC at a moment, so that days start at midnight; see
 * `Date.getTimezoneOffset`
 */
export function groupHours(
  {buckets, bucketMs}: CallStatistics,
  step: number,
  offsetMs: (ms: number) => number = localOffsetMs,
): readonly HourGroup[] {
  const size = step * bucketMs;
  const groups = new Map<number, HourGroup>();
  for (const {start: text, answered, ...counts} of buckets) {
    const start = Date.parse(text);
    const place = Math.floor((start - offsetMs(start)) / size);
    const known = groups.get(place);
    const sum = addUp([...(known === undefined ? [] : [known]), toCallCounts(counts, answered)]);
    groups.set(place, {...sum, start: known?.start ?? start, end: start + bucketMs});
  }
  return [...groups.values()];
}

export function addUp(parts: readonly CallCounts[]): CallCounts {
  const counts = {completed: 0, busy: 0, 'no-answer': 0, canceled: 0, failed: 0};
  let [total, answered] = [0, 0];
  for (const part of parts) {
    for (const outcome of callOutcomes) counts[outcome] += part.counts[outcome];
    total += part.total;
    answered += part.answered;
  }
  return {counts, total, answered};
}

function toCallCounts(counts: Readonly<Record<CallOutcome, number>>, answered: number): CallCounts {
  return {counts, answered, total: callOutcomes.reduce((sum, outcome) => sum + counts[outcome], 0)};
}

/** Between 0 and 1; `undefined` if no call has ended. */
export function answerRate({answered, total}: CallCounts): number | undefined {
  return total === 0 ? undefined : answered / total;
}

/** `81 %`. Shows 100 % only if all were answered, and 0 % only if none was. */
export function ratePercent(calls: CallCounts): string {
  const rate = answerRate(calls);
  if (rate === undefined) return '–';
  const percent = Math.round(rate * 100);
  return `${rate > 0 && rate < 1 ? Math.min(99, Math.max(1, percent)) : percent} %`;
}

/** The next round number that is at least `max`: 1, 2, 4 or 5 times a power of ten. */
export function niceTop(max: number): number {
  if (max <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  const factor = [1, 2, 4, 5, 10].find((each) => each * power >= max) ?? 10;
  return factor * power;
}

/**
 * Indexes of the groups labeled below the axis: at most `atMost`, evenly spread, and at midnight if the chart
 * is long.
 */
export function namedGroups(groups: readonly HourGroup[], atMost: number): readonly number[] {
  const wanted = Math.max(1, Math.ceil(groups.length / Math.max(1, atMost)));
  const days = groups.flatMap(({start}, index) => (isMidnight(start) ? [index] : []));
  const span = (groups.at(-1)?.end ?? 0) - (groups[0]?.start ?? 0);
  if (days.length >= 3 && span > 3 * 86_400_000) {
    const every = Math.max(1, Math.ceil(days.length / Math.max(1, atMost)));
    return days.filter((_, index) => index % every === 0);
  }
  return groups.flatMap((_, index) => (index % wanted === 0 ? [index] : []));
}

function localOffsetMs(ms: number): number {
  return new Date(ms).getTimezoneOffset() * 60_000;
}
