/** Hours of calls put together as wide as a picture has room for, and where things stand in it. Pure. */
import type {CallOutcome, CallStatistics} from '@hookswitch/protocol';
import {callOutcomes} from './history-filter.ts';
import {isMidnight} from './hour-labels.ts';

export interface Tally {
  readonly counts: Readonly<Record<CallOutcome, number>>;
  readonly total: number;
  readonly answered: number;
}

export interface HourGroup extends Tally {
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
}

/** Hours a bar can stand for; all of them divide a day. */
const STEPS = [1, 2, 3, 4, 6, 12, 24] as const;
/** Of a bar and the gap beside it, pixels. */
const MIN_BAR = 6;

/** Hours a bar, such that the bars are wide enough to point at. */
export function chooseStep(hours: number, width: number): number {
  return STEPS.find((step) => Math.ceil(hours / step) * MIN_BAR <= width) ?? 24;
}

/** @param offsetMs of local time before UTC at a moment, so that days begin at midnight; see `Date.getTimezoneOffset` */
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
    const tally = addUp([...(known === undefined ? [] : [known]), toTally(counts, answered)]);
    groups.set(place, {...tally, start: known?.start ?? start, end: start + bucketMs});
  }
  return [...groups.values()];
}

export function addUp(tallies: readonly Tally[]): Tally {
  const counts = {completed: 0, busy: 0, 'no-answer': 0, canceled: 0, failed: 0};
  let [total, answered] = [0, 0];
  for (const tally of tallies) {
    for (const outcome of callOutcomes) counts[outcome] += tally.counts[outcome];
    total += tally.total;
    answered += tally.answered;
  }
  return {counts, total, answered};
}

function toTally(counts: Readonly<Record<CallOutcome, number>>, answered: number): Tally {
  return {counts, answered, total: callOutcomes.reduce((sum, outcome) => sum + counts[outcome], 0)};
}

/** Between 0 and 1; `undefined` where nothing has ended. */
export function answerRate({answered, total}: Tally): number | undefined {
  return total === 0 ? undefined : answered / total;
}

/** `81 %`; what is not all is never 100 %, what is not nothing never 0 %. */
export function ratePercent(tally: Tally): string {
  const rate = answerRate(tally);
  if (rate === undefined) return '–';
  const percent = Math.round(rate * 100);
  return `${rate > 0 && rate < 1 ? Math.min(99, Math.max(1, percent)) : percent} %`;
}

/** The next round number that everything fits below: 1, 2 or 5 with zeros, and 4 for what is little. */
export function niceTop(max: number): number {
  if (max <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  const factor = [1, 2, 4, 5, 10].find((each) => each * power >= max) ?? 10;
  return factor * power;
}

/** Groups that are named below the axis, at most so many, evenly spread; midnights where a bar is longer than an hour or so. */
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
