/** Maps time to positions on the axis, with long idle times shortened. Pure. */
import {offsetText} from './offset-labels.ts';

/** An idle time that the axis does not draw in full. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** The time span of the axis; milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly gaps: readonly Gap[];
}

/** The minimum length of a timeline. */
export const MIN_LENGTH_MS = 1000;

/** A shorter idle time is drawn in full. */
const MIN_GAP_MS = 120_000;
/** An idle time is shortened if it exceeds the sum of all other times by this factor. */
const GAP_RATIO = 4;
/** Width of a shortened idle time, relative to the width of all other times. */
const GAP_SHARE = 0.35;

/** Finds idle times that are so long that the rest would be too small to see. */
export function findGaps(instants: readonly number[]): readonly Gap[] {
  const sorted = [...new Set(instants)].sort((a, b) => a - b);
  const silences = sorted.slice(1).map((to, index) => ({from: sorted[index] ?? to, to}));
  let rest = 0;
  const gaps: Gap[] = [];
  for (const silence of silences.toSorted((a, b) => lengthOf(a) - lengthOf(b))) {
    const length = lengthOf(silence);
    if (length >= MIN_GAP_MS && length > GAP_RATIO * Math.max(rest, MIN_LENGTH_MS)) gaps.push(silence);
    else rest += length;
  }
  // If there is only one idle time and nothing else, it is drawn in full.
  return rest === 0 ? [] : gaps.sort((a, b) => a.from - b.from);
}

function lengthOf({from, to}: Gap): number {
  return to - from;
}

export interface Scale {
  /** Part of the width, from 0 to 1. */
  readonly position: (time: number) => number;
}

/** Maps time to position: linear, except for the gaps, which have a fixed width. */
export function createScale({from, to, gaps}: Span): Scale {
  const drawn = to - from - gaps.reduce((sum, gap) => sum + lengthOf(gap), 0);
  const gapWidth = Math.max(drawn, 1) * GAP_SHARE;
  const total = Math.max(drawn + gaps.length * gapWidth, 1);
  return {
    position: (time) => {
      const within = Math.min(Math.max(time, from), to);
      let sum = within - from;
      for (const gap of gaps) {
        if (within <= gap.from) break;
        const passed = Math.min(within, gap.to) - gap.from;
        sum += (passed / lengthOf(gap)) * gapWidth - passed;
      }
      return sum / total;
    },
  };
}

export interface Tick {
  readonly at: number;
  /** Time since the start of the timeline: `0`, `+5 s`, `+2:30`, `+1:05:00`. */
  readonly label: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const steps: readonly number[] = [
  ...[100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 6, 12, 24, 48, 168].map((count) => count * HOUR),
];

/** Round offsets from the start, none within a gap, about `most` at most. */
export function ticksOf({from, to, gaps}: Span, most: number): readonly Tick[] {
  const {position} = createScale({from, to, gaps});
  const drawn = to - from - gaps.reduce((sum, gap) => sum + lengthOf(gap), 0);
  const share = drawn <= 0 ? 1 : 1 - (gaps.length * GAP_SHARE) / (1 + gaps.length * GAP_SHARE);
  const enough = Math.max(1, most * share);
  const step = steps.find((each) => drawn / each <= enough) ?? Math.ceil(drawn / enough / HOUR) * HOUR;
  const ticks: Tick[] = [];
  const edges = [from, ...gaps.flatMap((gap) => [gap.from, gap.to]), to];
  for (let index = 0; index < edges.length; index += 2) {
    const [begin = from, end = to] = [edges[index], edges[index + 1]];
    for (let at = from + Math.ceil((begin - from) / step) * step; at <= end; at += step)
      ticks.push({at, label: offsetText(at - from)});
  }
  // After a gap, the first tick may overlap the last one before it.
  const least = 0.7 / most;
  return ticks.filter(({at}, index) => {
    const before = ticks[index - 1];
    return before === undefined || position(at) - position(before.at) >= least;
  });
}
