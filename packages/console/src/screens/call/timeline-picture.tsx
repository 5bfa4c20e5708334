/** The call as a picture: a lane for the call and each of its legs, bars for its states, marks for what was said of it. */
import type {CallDetail} from '@hookswitch/protocol';
import {type KeyboardEvent, useEffect, useId, useMemo, useRef, useState} from 'react';
import {maskNumber} from '../../design/mask-number.ts';
import {statusWord} from '../../design/status-words.ts';
import {formatMs} from '../../design/time-words.ts';
import {useServerNow} from '../../design/use-now.ts';
import styles from './call.module.css';
import {
  eventWord,
  isInbound,
  kindWords,
  lagText,
  phaseWords,
  verdictReason,
  verdictWords,
} from './call-words.ts';
import {MarkShape} from './mark-shape.tsx';
import {type Layout, layOut, type PlacedBar, type PlacedLane, sizes} from './timeline-layout.ts';
import {TimelineLegend} from './timeline-legend.tsx';
import {
  buildTimeline,
  type Lane,
  type Mark,
  offsetText,
  preciseOffset,
  type Timeline,
} from './timeline-model.ts';
import {visibleText} from './visible-text.ts';

export interface TimelinePictureProps {
  readonly detail: CallDetail;
  /** The gateway's clock when what is shown was last known to be so; milliseconds. The picture then ends there. */
  readonly asOf: number | undefined;
  /** Place in `detail.events` of what is selected in the table. */
  readonly selected: number | undefined;
  readonly onSelect: (index: number) => void;
}

export function TimelinePicture({detail, asOf, selected, onSelect}: TimelinePictureProps) {
  const serverNow = useServerNow();
  const now = asOf ?? serverNow;
  const timeline = useMemo(() => buildTimeline(detail, now), [detail, now]);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const layout = useMemo(() => layOut(timeline, width), [timeline, width]);
  const note = useId();
  const [shown, setShown] = useState<Place>();
  const lane = shown === undefined ? undefined : layout.lanes[shown.lane];
  const tip = shown === undefined ? undefined : lane?.marks[shown.mark];
  return (
    <figure className={styles.picture}>
      {/* Narrow, it scrolls by itself; what takes the focus in it brings itself into view. */}
      <div ref={box} className={styles.scroll}>
        <Drawing {...{timeline, layout, selected, onSelect, shown}} onShow={setShown} note={note} />
      </div>
      {/* Outside of what scrolls, which would cut it off. */}
      {tip !== undefined && lane !== undefined && (
        <Tip
          marks={tip.marks}
          timeline={timeline}
          x={tip.x - (box.current?.scrollLeft ?? 0)}
          y={lane.barY + sizes.barHeight}
          width={width}
        />
      )}
      <figcaption>
        <p id={note} className={styles.caption}>
          Marks stand where the gateway heard of something, to the millisecond. Bars show what happened:
          Twilio names whole seconds, so that an edge is right to within one.
          {timeline.skewMs > 0 &&
            ` Something arrived ${formatMs(timeline.skewMs)} before its own timestamp: the clocks differ.`}{' '}
          The table below says the same in words.
        </p>
        <TimelineLegend timeline={timeline} />
      </figcaption>
    </figure>
  );
}

/** Pixels there are; the picture is drawn anew for them, so that text keeps its size. */
function useWidth(box: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}

interface DrawingProps extends Pick<TimelinePictureProps, 'selected' | 'onSelect'> {
  readonly timeline: Timeline;
  readonly layout: Layout;
  readonly note: string;
  /** Whose tip is to be seen. */
  readonly shown: Place | undefined;
  readonly onShow: (place: Place | undefined) => void;
}

/** A mark's place among all that can be walked through: lane, then mark in it. */
interface Place {
  readonly lane: number;
  readonly mark: number;
}

function Drawing({timeline, layout, selected, onSelect, note, shown, onShow}: DrawingProps) {
  const [active, setActive] = useState<Place>({lane: 0, mark: 0});
  const svg = useRef<SVGSVGElement>(null);
  const {lanes} = layout;
  const at = clampPlace(active, lanes);

  const go = (place: Place) => {
    const next = clampPlace(place, lanes);
    if (next === undefined) return;
    setActive(next);
    svg.current?.querySelector<SVGElement>(`[data-place="${next.lane}.${next.mark}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, place: Place) => {
    const marks = lanes[place.lane]?.marks ?? [];
    const moves: Readonly<Record<string, () => void>> = {
      ArrowRight: () => go({...place, mark: place.mark + 1}),
      ArrowLeft: () => go({...place, mark: place.mark - 1}),
      ArrowDown: () => go(nearest(lanes, place, 1)),
      ArrowUp: () => go(nearest(lanes, place, -1)),
      Home: () => go({...place, mark: 0}),
      End: () => go({...place, mark: marks.length - 1}),
      Enter: () => select(place),
      ' ': () => select(place),
    };
    const move = moves[event.key];
    if (event.key === 'Escape' && shown !== undefined) {
      // What covers something can be put away without going anywhere.
      onShow(undefined);
      event.stopPropagation();
      event.nativeEvent.stopImmediatePropagation();
    }
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  const select = ({lane, mark}: Place) => {
    const [first] = lanes[lane]?.marks[mark]?.marks ?? [];
    if (first !== undefined) onSelect(first.index);
  };
  return (
    <div className={styles.canvas} style={{width: layout.width, height: layout.height}}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset draws nothing. */}
      <svg
        ref={svg}
        width={layout.width}
        height={layout.height}
        role="group"
        aria-label="Timeline"
        aria-describedby={note}
        className={styles.drawing}
      >
        <Patterns />
        <Axis layout={layout} timeline={timeline} />
        {lanes.map((lane, laneIndex) => (
          <g key={lane.lane.call.callSid}>
            <LaneName lane={lane} number={laneIndex} isShort={layout.isNarrow} />
            <LaneBars lane={lane} />
            {lane.marks.map(({x, y, marks}, index) => {
              const [first] = marks;
              const place = {lane: laneIndex, mark: index};
              const isActive = at?.lane === laneIndex && at.mark === index;
              const isSelected = marks.some((mark) => mark.index === selected);
              return (
                // biome-ignore lint/a11y/useSemanticElements: an HTML button cannot stand in a drawing.
                <g
                  key={first.index}
                  role="button"
                  tabIndex={isActive ? 0 : -1}
                  data-place={`${laneIndex}.${index}`}
                  data-kind={first.kind}
                  data-hollow={first.isHollow || undefined}
                  data-selected={isSelected || undefined}
                  aria-label={markLabel(marks, timeline)}
                  aria-pressed={isSelected}
                  className={styles.mark}
                  onFocus={() => {
                    setActive(place);
                    onShow(place);
                  }}
                  onBlur={() => onShow(undefined)}
                  onPointerEnter={() => onShow(place)}
                  onPointerLeave={() => onShow(undefined)}
                  onClick={() => select(place)}
                  onKeyDown={(event) => onKeyDown(event, place)}
                >
                  <Whisker mark={first} lane={lane} x={x} y={y} timeline={timeline} layout={layout} />
                  {/* Room for a finger. */}
                  <rect x={x - 8} y={y - 8} width="16" height="16" fill="transparent" />
                  <MarkShape kind={first.kind} isHollow={first.isHollow} x={x} y={y} />
                </g>
              );
            })}
            {/* Beside the marks, not in them: what they are called says it already. */}
            {lane.marks.map(({x, y, marks}) => (
              <MarkCount key={marks[0].index} marks={marks} x={x} y={y} />
            ))}
          </g>
        ))}
      </svg>
    </div>
  );
}

/** Where there are marks at all. */
function clampPlace({lane, mark}: Place, lanes: readonly PlacedLane[]): Place | undefined {
  const marks = lanes[lane]?.marks.length ?? 0;
  if (marks > 0) return {lane, mark: Math.min(Math.max(mark, 0), marks - 1)};
  const other = lanes.findIndex((each) => each.marks.length > 0);
  return other === -1 ? undefined : {lane: other, mark: 0};
}

/** In the next lane that has any, the mark closest in time. */
function nearest(lanes: readonly PlacedLane[], place: Place, by: 1 | -1): Place {
  const x = lanes[place.lane]?.marks[place.mark]?.x ?? 0;
  for (let lane = place.lane + by; lane >= 0 && lane < lanes.length; lane += by) {
    const marks = lanes[lane]?.marks ?? [];
    if (marks.length === 0) continue;
    const distances = marks.map((mark) => Math.abs(mark.x - x));
    return {lane, mark: distances.indexOf(Math.min(...distances))};
  }
  return place;
}

/** Textures, so that no bar is known by its colour alone. */
function Patterns() {
  return (
    <defs>
      <pattern id="texture-dialling" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect width="6" height="6" className={styles['dialling-ground']} />
        <circle cx="3" cy="3" r="1" className={styles['dialling-ink']} />
      </pattern>
      <pattern
        id="texture-ringing"
        width="7"
        height="7"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="7" height="7" className={styles['ringing-ground']} />
        <rect width="2.5" height="7" className={styles['ringing-ink']} />
      </pattern>
      <pattern
        id="texture-unconfirmed"
        width="6"
        height="6"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(-45)"
      >
        <rect width="3" height="6" className={styles['unconfirmed-ink']} />
      </pattern>
    </defs>
  );
}

function Axis({
  layout: {ticks, gaps, axisY, width, left, nowX},
  timeline,
}: {
  readonly layout: Layout;
  readonly timeline: Timeline;
}) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus.
    <g aria-hidden="true">
      {ticks.map(({x, label, at}) => (
        <g key={at}>
          <line x1={x} x2={x} y1={4} y2={axisY} className={styles.grid} />
          <text
            x={x}
            y={axisY + 15}
            className={styles.tick}
            textAnchor={at === timeline.from ? 'start' : 'middle'}
          >
            {label}
          </text>
        </g>
      ))}
      <line x1={left} x2={width - sizes.margin} y1={axisY} y2={axisY} className={styles.axis} />
      {gaps.map(({gap, x, width: gapWidth, label}) => (
        <g key={gap.from}>
          <rect x={x} y={4} width={gapWidth} height={axisY - 4} className={styles['gap-band']} />
          <rect x={x} y={axisY - 4} width={gapWidth} height="8" className={styles['gap-ground']} />
          <path d={zigzag(x, gapWidth, axisY)} className={styles.gap} />
          <text x={x + gapWidth / 2} y={axisY + 15} textAnchor="middle" className={styles['gap-label']}>
            {label}
          </text>
        </g>
      ))}
      {nowX !== undefined && (
        <g className={styles.now}>
          <line x1={nowX} x2={nowX} y1={4} y2={axisY} />
          <text x={nowX + 5} y={axisY + 4}>
            now
          </text>
        </g>
      )}
    </g>
  );
}

/** The axis where time is left out. */
function zigzag(x: number, width: number, y: number): string {
  const teeth = Math.max(2, Math.round(width / 8));
  const step = width / teeth;
  const points = Array.from({length: teeth + 1}, (_, index) => {
    const isEnd = index === 0 || index === teeth;
    return `${x + index * step} ${y + (isEnd ? 0 : index % 2 === 0 ? 3 : -3)}`;
  });
  return `M${points.join('L')}`;
}

interface LaneNameProps {
  readonly lane: PlacedLane;
  /** Of a leg, counted from 1. */
  readonly number: number;
  readonly isShort: boolean;
}

function LaneName({lane: {lane, barY}, number, isShort}: LaneNameProps) {
  const {call, isLeg} = lane;
  const party = isInbound(call.direction) ? call.from : call.to;
  const text = party === '' ? 'unknown' : maskNumber(visibleText(party, 40));
  return (
    <text x={isLeg ? 10 : 0} y={barY + sizes.barHeight / 2} className={styles['lane-name']}>
      <tspan className={styles['lane-kind']}>{isLeg ? `Leg ${number} ` : 'Call '}</tspan>
      {!isShort && (text.length > 15 ? `${text.slice(0, 14)}…` : text)}
    </text>
  );
}

function LaneBars({lane: {lane, bars, barY, endX}}: {readonly lane: PlacedLane}) {
  return (
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a group in a drawing is no control.
    <g role="img" aria-label={laneLabel(lane)}>
      {bars.map((placed) => (
        <BarShape key={placed.bar.phase} placed={placed} y={barY} />
      ))}
      {lane.end !== undefined && endX !== undefined && (
        <g className={styles.end} data-status={lane.end.status}>
          <line x1={endX} x2={endX} y1={barY - 3} y2={barY + sizes.barHeight + 3} />
          <text x={endX + 7} y={barY + sizes.barHeight / 2}>
            {lane.end.status === 'completed' ? '✓ ' : '✕ '}
            {statusWord(lane.end.status, lane.call.reason)}
          </text>
        </g>
      )}
    </g>
  );
}

/** Text in a bar needs this many pixels a character. */
const CHARACTER = 6.4;

function BarShape({
  placed: {bar, x, width, unconfirmedX},
  y,
}: {
  readonly placed: PlacedBar;
  readonly y: number;
}) {
  const length = lengthOf(bar.to - bar.from);
  const words = [`${phaseWords[bar.phase]} ${length}`, length].find(
    (text) => text.length * CHARACTER + 10 <= (unconfirmedX === undefined ? width : unconfirmedX - x),
  );
  return (
    <g
      className={styles[bar.phase]}
      data-open={bar.isOpen || undefined}
      data-inferred={bar.isInferred || undefined}
    >
      <rect x={x} y={y} width={width} height={sizes.barHeight} rx="2" className={styles.bar} />
      {unconfirmedX !== undefined && (
        <rect
          x={unconfirmedX}
          y={y}
          width={Math.max(0, x + width - unconfirmedX)}
          height={sizes.barHeight}
          className={styles.unconfirmed}
        />
      )}
      {words !== undefined && (
        <>
          {/* On a texture, text needs ground of its own. */}
          <rect
            x={x + 4}
            y={y + 2}
            width={words.length * CHARACTER + 4}
            height={sizes.barHeight - 4}
            rx="2"
            className={styles['bar-ground']}
          />
          <text x={x + 6} y={y + sizes.barHeight / 2} className={styles['bar-words']}>
            {words}
          </text>
        </>
      )}
    </g>
  );
}

function lengthOf(ms: number): string {
  if (ms < 60_000) return formatMs(ms);
  return offsetText(ms).slice(1);
}

interface WhiskerProps {
  readonly mark: Mark;
  readonly lane: PlacedLane;
  readonly x: number;
  readonly y: number;
  readonly timeline: Timeline;
  readonly layout: Layout;
}

/** Less is within what Twilio's whole seconds can say. */
const NOTABLE_LAG_MS = 1000;

/** From when it happened to when it was heard of, where that took long. */
function Whisker({mark, lane, x, y, layout}: WhiskerProps) {
  if (mark.event.kind === 'command' || mark.at - mark.happenedAt < NOTABLE_LAG_MS) return null;
  const happened = placeOf(mark.happenedAt, layout, lane);
  if (happened === undefined || x - happened < 8) return null;
  return <path d={`M${happened} ${lane.barY}L${x} ${y}`} className={styles.whisker} />;
}

/** Of the edges that are drawn, the one that this second made; there is no other place for it. */
function placeOf(time: number, {ticks}: Layout, {bars, lane, endX}: PlacedLane): number | undefined {
  const isMadeThen = (at: number) => at >= time && at - time < NOTABLE_LAG_MS;
  if (lane.end !== undefined && isMadeThen(lane.end.at)) return endX;
  return bars.find(({bar}) => isMadeThen(bar.from))?.x ?? ticks.find(({at}) => at === time)?.x;
}

function MarkCount({
  marks,
  x,
  y,
}: {
  readonly marks: readonly [Mark, ...Mark[]];
  readonly x: number;
  readonly y: number;
}) {
  const [first] = marks;
  const text =
    marks.length > 1
      ? `+${marks.length - 1}`
      : first.event.repeats > 0
        ? `×${first.event.repeats + 1}`
        : undefined;
  if (text === undefined) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: text takes no focus.
    <text x={x + 6} y={y - 4} className={styles['mark-count']} aria-hidden="true">
      {text}
    </text>
  );
}

const TIP_WIDTH = 264;

interface TipProps {
  readonly marks: readonly [Mark, ...Mark[]];
  readonly timeline: Timeline;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Says what the mark's name says to those who listen, so that it is read out once. */
function Tip({marks, timeline, x, y, width}: TipProps) {
  const left = Math.max(Math.min(x - TIP_WIDTH / 2, width - TIP_WIDTH), 0);
  return (
    <div className={styles.tip} style={{left, top: y, width: TIP_WIDTH}} aria-hidden="true" data-tip="">
      {marks.slice(0, 4).map(({index, event, kind, at}) => (
        <div key={index}>
          <strong>{eventWord(event)}</strong>
          <span>
            {' '}
            {kindWords[kind]}, {preciseOffset(at - timeline.from)}
            {event.kind === 'status' && event.sequence !== undefined && `, sequence ${event.sequence}`}
            {event.kind === 'status' && `, lag ${lagText(event)}`}
          </span>
          <p>
            <em>{verdictWords[event.verdict]}.</em> {verdictReason(event)}
          </p>
        </div>
      ))}
      {marks.length > 4 && <p>and {marks.length - 4} more at the same place</p>}
    </div>
  );
}

function markLabel(marks: readonly [Mark, ...Mark[]], timeline: Timeline): string {
  return marks
    .map(
      ({event, kind, at}) =>
        `${eventWord(event)}, ${kindWords[kind]}, ${preciseOffset(at - timeline.from)}. ${verdictWords[event.verdict]}. ${verdictReason(event)}`,
    )
    .join(' And: ');
}

function laneLabel({bars, end, isLeg, call}: Lane): string {
  const parts = bars.map(
    ({phase, from, to, isOpen}) =>
      `${phaseWords[phase].toLowerCase()} ${lengthOf(to - from)}${isOpen ? ' so far' : ''}`,
  );
  const outcome = end === undefined ? [] : [statusWord(end.status, call.reason).toLowerCase()];
  return `${isLeg ? 'Leg' : 'Call'}: ${[...parts, ...outcome].join(', ')}`;
}
