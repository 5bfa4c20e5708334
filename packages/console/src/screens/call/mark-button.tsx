/** A mark as a button with an accessible name. */
import type {KeyboardEvent} from 'react';
import styles from './call.module.css';
import {eventWord, kindLabels, markReason, markVerdict} from './event-labels.ts';
import {MarkShape} from './mark-shape.tsx';
import type {Place} from './mark-walk.ts';
import {preciseOffset} from './offset-labels.ts';
import type {LaneMark, Layout, PlacedLane} from './timeline-layout.ts';
import type {Mark} from './timeline-model.ts';

export interface MarkButtonProps {
  readonly placed: LaneMark;
  readonly lane: PlacedLane;
  readonly layout: Layout;
  /** Start of the timeline, milliseconds since 1970. */
  readonly begin: number;
  readonly place: Place;
  /** The tab stop of the timeline. */
  readonly isStop: boolean;
  /** Selected in the table. */
  readonly isSelected: boolean;
  /** Shows the tip of a mark; `undefined` hides it. */
  readonly onShow: (place: Place | undefined) => void;
  readonly onFocus: () => void;
  readonly onSelect: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

export function MarkButton({
  placed,
  lane,
  layout,
  begin,
  place,
  isStop,
  isSelected,
  onShow,
  onFocus,
  onSelect,
  onKeyDown,
}: MarkButtonProps) {
  const {x, y, marks} = placed;
  const [first] = marks;
  return (
    // biome-ignore lint/a11y/useSemanticElements: an HTML button cannot stand in a drawing.
    <g
      role="button"
      tabIndex={isStop ? 0 : -1}
      data-place={`${place.lane}.${place.mark}`}
      data-kind={first.kind}
      data-hollow={first.isHollow || undefined}
      data-selected={isSelected || undefined}
      aria-label={markLabel(marks, begin)}
      aria-pressed={isSelected}
      className={styles.mark}
      onFocus={() => {
        onFocus();
        onShow(place);
      }}
      onBlur={() => onShow(undefined)}
      onPointerEnter={() => onShow(place)}
      onPointerLeave={() => onShow(undefined)}
      onClick={onSelect}
      onKeyDown={onKeyDown}
    >
      <Whisker placed={placed} lane={lane} layout={layout} />
      {/* A larger target for touch. */}
      <rect x={x - 8} y={y - 8} width="16" height="16" fill="transparent" />
      <MarkShape kind={first.kind} isHollow={first.isHollow} x={x} y={y} />
    </g>
  );
}

/** A shorter lag can be an effect of Twilio's whole seconds. */
const NOTABLE_LAG_MS = 1000;

/** Connects a mark to the moment of its event if it arrived notably later. */
function Whisker({placed: {marks, x, y}, lane, layout}: Pick<MarkButtonProps, 'placed' | 'lane' | 'layout'>) {
  const [mark] = marks;
  if (
    mark.repeats !== undefined ||
    mark.event.kind === 'command' ||
    mark.at - mark.happenedAt < NOTABLE_LAG_MS
  )
    return null;
  const happened = placeOf(mark.happenedAt, layout, lane);
  if (happened === undefined || x - happened < 8) return null;
  return <path d={`M${happened} ${lane.barY}L${x} ${y}`} className={styles.whisker} />;
}

/** The position of the bar edge that belongs to this second; other moments have no exact position. */
function placeOf(time: number, {ticks}: Layout, {bars, lane, endX}: PlacedLane): number | undefined {
  const isMadeThen = (at: number) => at >= time && at - time < NOTABLE_LAG_MS;
  if (lane.end !== undefined && isMadeThen(lane.end.at)) return endX;
  return bars.find(({bar}) => isMadeThen(bar.from))?.x ?? ticks.find(({at}) => at === time)?.x;
}

/**
 * The number of marks at this position, or of repeats. It is outside the mark because the mark's name already
 * includes it.
 */
export function MarkCount({placed: {marks, x, y}}: {readonly placed: LaneMark}) {
  const [first] = marks;
  const text =
    marks.length > 1
      ? `+${marks.length - 1}`
      : first.repeats !== undefined && first.repeats > 1
        ? `×${first.repeats}`
        : undefined;
  if (text === undefined) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: text takes no focus.
    <text x={x + 6} y={y - 4} className={styles['mark-count']} aria-hidden="true">
      {text}
    </text>
  );
}

function markLabel(marks: readonly [Mark, ...Mark[]], begin: number): string {
  return marks
    .map(
      (mark) =>
        `${eventWord(mark.event)}, ${kindLabels[mark.kind]}, ${preciseOffset(mark.at - begin)}. ${markVerdict(mark)}. ${markReason(mark)}`,
    )
    .join(' And: ');
}
