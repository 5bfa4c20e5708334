/** The axis of the picture: from time to place, with long silences cut short. Pure. */
import {offsetText} from './offset-labels.ts';

/** A silence that the axis does not draw in full. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** What the axis is about; milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly gaps: readonly Gap[];
}

/** The shortest picture there is. */
export const MIN_LENGTH_MS = 1000;

/** A silence shorter than this is drawn in full. */
const MIN_GAP_MS = 120_000;
/** A silence is cut when it is this much longer than everything else together. */
const GAP_RATIO = 4;
/** A cut silence takes this part of the width that everything else takes. */
const GAP_SHARE = 0.35;

/** Silences so much longer than all the rest that drawing them in full would leave nothing of it to see. */
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
  // One silence and nothing else is no gap, but all there is.
  return rest === 0 ? [] : gaps.sort((a, b) => a.from - b.from);
}

function lengthOf({from, to}: Gap): number {
  return to - from;
}

export interface Scale {
  /** Part of the width, from 0 to 1. */
  readonly position: (time: number) => number;
}

/** From time to place: linear, but for the gaps, which take a fixed part each. */
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
  /** Since the beginning of the picture: `0`, `+5 s`, `+2:30`, `+1:05:00`. */
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

/** Round offsets from the beginning, none within a gap, at most about `most`. */
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
  // After a gap the first tick may fall on the last one before it.
  const least = 0.7 / most;
  return ticks.filter(({at}, index) => {
    const before = ticks[index - 1];
    return before === undefined || position(at) - position(before.at) >= least;
  });
}
