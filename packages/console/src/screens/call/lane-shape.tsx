/** A lane without its marks: its name, its states as bars, and its outcome. */

import {isInbound} from '../../calls/call-labels.ts';
import {maskNumber} from '../../design/mask-number.ts';
import {statusWord} from '../../design/status-labels.ts';
import {formatMs} from '../../design/time-labels.ts';
import {visibleText} from '../../design/visible-text.ts';
import styles from './call.module.css';
import {phaseLabels} from './event-labels.ts';
import {offsetText} from './offset-labels.ts';
import {type PlacedBar, type PlacedLane, sizes} from './timeline-layout.ts';
import type {Lane} from './timeline-model.ts';

export interface LaneNameProps {
  readonly lane: PlacedLane;
  /** Number of the leg, counted from 1. */
  readonly number: number;
  readonly isShort: boolean;
}

export function LaneName({lane: {lane, barY}, number, isShort}: LaneNameProps) {
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

export function LaneBars({lane: {lane, bars, barY, endX}}: {readonly lane: PlacedLane}) {
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

/** Pixels per character of text in a bar. */
const CHARACTER = 6.4;

function BarShape({
  placed: {bar, x, width, unconfirmedX},
  y,
}: {
  readonly placed: PlacedBar;
  readonly y: number;
}) {
  const length = lengthOf(bar.to - bar.from);
  const words = [`${phaseLabels[bar.phase]} ${length}`, length].find(
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
          {/* On a texture, the text needs its own background. */}
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

function laneLabel({bars, end, isLeg, call}: Lane): string {
  const parts = bars.map(
    ({phase, from, to, isOpen}) =>
      `${phaseLabels[phase].toLowerCase()} ${lengthOf(to - from)}${isOpen ? ' so far' : ''}`,
  );
  const outcome = end === undefined ? [] : [statusWord(end.status, call.reason).toLowerCase()];
  return `${isLeg ? 'Leg' : 'Call'}: ${[...parts, ...outcome].join(', ')}`;
}
