/** Lays out the timeline in pixels. Pure. */
import {formatMs} from '../../design/time-labels.ts';
import {type PlacedMark, placeMarks} from './mark-placement.ts';
import {createScale, type Gap, type Scale, type Tick, ticksOf} from './timeline-axis.ts';
import type {Bar, Lane, Timeline} from './timeline-model.ts';

/** Pixels. */
export const sizes = {
  /** Left of the axis: the names of the lanes, with numbers unless space is tight. */
  gutter: 160,
  shortGutter: 58,
  /** Right of the axis: the outcome. */
  margin: 92,
  markSize: 11,
  markSpacing: 15,
  markLevels: 3,
  barHeight: 16,
  laneGap: 22,
  axisHeight: 26,
  /** Below this width, the timeline scrolls in its box. */
  minWidth: 560,
} as const;

export interface PlacedBar {
  readonly bar: Bar;
  readonly x: number;
  readonly width: number;
  /** Start of the part that nothing has confirmed; `undefined` if the whole bar is confirmed. */
  readonly unconfirmedX: number | undefined;
}

export interface LaneMark extends PlacedMark {
  /** The center, as `x`; pixels. */
  readonly y: number;
}

export interface PlacedLane {
  readonly lane: Lane;
  /** Top of the bar. */
  readonly barY: number;
  readonly bars: readonly PlacedBar[];
  readonly marks: readonly LaneMark[];
  readonly endX: number | undefined;
}

export interface PlacedGap {
  readonly gap: Gap;
  readonly x: number;
  readonly width: number;
  /** `52 min`. */
  readonly label: string;
}

export interface Layout {
  readonly width: number;
  /** Start of the axis. */
  readonly left: number;
  readonly isNarrow: boolean;
  readonly height: number;
  readonly lanes: readonly PlacedLane[];
  readonly ticks: readonly (Tick & {readonly x: number})[];
  readonly gaps: readonly PlacedGap[];
  /** The right end, which is the current time while the call runs. */
  readonly nowX: number | undefined;
  readonly axisY: number;
}

/** Minimum width, so that a very short state stays visible. */
const MIN_BAR = 2;
const PIXELS_A_TICK = 84;
const TOP = 8;

/** @param available the available width in pixels; the layout is wider if it has to be */
export function layOut(timeline: Timeline, available: number): Layout {
  const width = Math.max(Math.floor(available), sizes.minWidth);
  const isNarrow = available < sizes.minWidth;
  const left = isNarrow ? sizes.shortGutter : sizes.gutter;
  const axis = width - left - sizes.margin;
  const scale = createScale(timeline);
  const x = (time: number) => left + scale.position(time) * axis;
  let y = TOP;
  const lanes = timeline.lanes.map((lane) => {
    const placed = placeLane(lane, {scale, x, left, axis, top: y});
    y = placed.barY + sizes.barHeight + sizes.laneGap;
    return placed;
  });
  const axisY = y - sizes.laneGap + 10;
  return {
    width,
    left,
    isNarrow,
    height: axisY + sizes.axisHeight,
    lanes,
    ticks: ticksOf(timeline, axis / PIXELS_A_TICK).map((tick) => ({...tick, x: x(tick.at)})),
    gaps: timeline.gaps.map((gap) => ({
      gap,
      x: x(gap.from),
      width: x(gap.to) - x(gap.from),
      label: lengthText(gap.to - gap.from),
    })),
    nowX: timeline.isRunning ? x(timeline.to) : undefined,
    axisY,
  };
}

interface LanePlace {
  readonly scale: Scale;
  readonly x: (time: number) => number;
  readonly left: number;
  readonly axis: number;
  readonly top: number;
}

function placeLane(lane: Lane, {scale, x, left, axis, top}: LanePlace): PlacedLane {
  const placed = placeMarks(lane.marks, scale, {
    width: axis,
    spacing: sizes.markSpacing,
    levels: sizes.markLevels,
  });
  const levels = Math.max(1, ...placed.map(({level}) => level + 1));
  const barY = top + levels * sizes.markSpacing + 4;
  return {
    lane,
    barY,
    bars: lane.bars.map((bar) => ({
      bar,
      x: x(bar.from),
      width: Math.max(MIN_BAR, x(bar.to) - x(bar.from)),
      unconfirmedX: bar.unconfirmedFrom === undefined ? undefined : x(bar.unconfirmedFrom),
    })),
    marks: placed.map((each) => ({
      ...each,
      x: each.x + left,
      y: barY - 4 - sizes.markSpacing / 2 - each.level * sizes.markSpacing,
    })),
    endX: lane.end === undefined ? undefined : x(lane.end.at),
  };
}

const HOUR_MS = 3_600_000;

/** `52 min`, `3 h 5 min`. */
export function lengthText(ms: number): string {
  if (ms < HOUR_MS) return formatMs(ms);
  const minutes = Math.round((ms % HOUR_MS) / 60_000);
  return `${Math.floor(ms / HOUR_MS)} h${minutes === 0 ? '' : ` ${minutes} min`}`;
}
