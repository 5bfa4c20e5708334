/**
 * Calls per hour by outcome, and below them the rate of answered calls. Hovering a bar or moving with the
 * arrow keys shows its numbers above; a click shows its calls. The chart is also available as a table.
 */
import type {CallStatistics} from '@hookswitch/protocol';
import {type RefObject, useEffect, useId, useMemo, useRef, useState} from 'react';
import {Button} from '../../design/button.tsx';
import styles from './history.module.css';
import {callOutcomes} from './history-filter.ts';
import {
  addUp,
  answerRate,
  type CallCounts,
  chooseStep,
  groupHours,
  type HourGroup,
  namedGroups,
  niceTop,
  ratePercent,
} from './hour-groups.ts';
import {hourLabels, shortHour} from './hour-labels.ts';
import {HoursTable} from './hours-table.tsx';
import {OutcomeKey, outcomeWord} from './outcome-key.tsx';

export interface HoursChartProps {
  readonly statistics: CallStatistics;
  /** The period in words: “the last 24 hours”. */
  readonly period: string;
  /** Says which parts of the filter the chart ignores; a sentence. */
  readonly note?: string;
  /** Shows the calls of one bar. */
  readonly onPick: (from: number, to: number) => void;
}

/** Pixels. */
const [BARS, GAP, RATE, AXIS] = [96, 14, 30, 18] as const;
const HEIGHT = BARS + GAP + RATE + AXIS;
const [LEFT, TOP] = [44, 6] as const;
const NAME_WIDTH = 64;

export function HoursChart({statistics, period, note, onPick}: HoursChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [shownAs, setShownAs] = useState<'chart' | 'table'>('chart');
  const [at, setAt] = useState<number>();
  const step = chooseStep(statistics.buckets.length, width - LEFT);
  const groups = useMemo(() => groupHours(statistics, step), [statistics, step]);
  const all = useMemo(() => addUp(groups), [groups]);
  const index = groups.findIndex((group) => group.start === at);
  const chosen = groups[index];
  const title = `Calls per ${step === 1 ? 'hour' : step === 24 ? 'day' : `${step} hours`}`;
  return (
    <figure className={styles.chart} aria-label={`${title}, ${period}`}>
      <div className={styles['chart-head']}>
        <h2>{title}</h2>
        <p className={styles.span}>{chosen === undefined ? period : hourLabels(chosen)}</p>
        <Button
          small
          variant="quiet"
          className={styles['as-table'] ?? ''}
          onPress={() => setShownAs(shownAs === 'chart' ? 'table' : 'chart')}
        >
          {shownAs === 'chart' ? 'Show table' : 'Show chart'}
        </Button>
      </div>
      <Numbers calls={chosen ?? all} />
      <div ref={box} className={styles.plot}>
        {shownAs === 'table' ? (
          <HoursTable groups={groups} label={`${title}, ${period}`} />
        ) : (
          <BarSlider
            groups={groups}
            width={width}
            title={title}
            index={index}
            onShow={setAt}
            onPick={(group) => onPick(group.start, group.end)}
          />
        )}
      </div>
      {note !== undefined && <figcaption className={styles.quiet}>{note}</figcaption>}
    </figure>
  );
}

interface BarSliderProps {
  readonly groups: readonly HourGroup[];
  readonly width: number;
  readonly title: string;
  /** Index of the selected bar; -1 if no bar is selected. */
  readonly index: number;
  /** Selects the bar with this start. */
  readonly onShow: (start: number | undefined) => void;
  readonly onPick: (group: HourGroup) => void;
}

/** The bars, with a selection by pointer or arrow keys. */
function BarSlider({groups, width, title, index, onShow, onPick}: BarSliderProps) {
  const hintId = useId();
  const chosen = groups[index];
  const show = (next: number) => onShow(groups[Math.min(groups.length - 1, Math.max(0, next))]?.start);
  const pick = () => chosen && onPick(chosen);
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => show(index - 1),
    ArrowDown: () => show(index - 1),
    ArrowRight: () => show(index + 1),
    ArrowUp: () => show(index + 1),
    Home: () => show(0),
    End: () => show(groups.length - 1),
    Enter: pick,
  };
  return (
    <>
      <div
        className={styles.slider}
        role="slider"
        tabIndex={0}
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, groups.length - 1)}
        aria-valuenow={Math.max(0, index)}
        aria-valuetext={groupText(chosen ?? groups.at(-1))}
        aria-describedby={hintId}
        onFocus={() => chosen === undefined && show(lastBusy(groups))}
        onBlur={() => onShow(undefined)}
        onKeyDown={(event) => {
          const act = keys[event.key];
          if (act === undefined) return;
          event.preventDefault();
          act();
        }}
        onPointerMove={(event) => {
          const {left} = event.currentTarget.getBoundingClientRect();
          const place = (event.clientX - left - LEFT) / ((width - LEFT) / groups.length);
          if (place >= 0) show(Math.floor(place));
          else onShow(undefined);
        }}
        onPointerLeave={() => onShow(undefined)}
        onClick={pick}
      >
        <Picture groups={groups} width={width} chosen={index} />
      </div>
      <p id={hintId} className={styles.legend}>
        Arrow keys move between bars. Enter shows the calls of a bar.
      </p>
    </>
  );
}

/** The numbers of one bar or of all bars. They are also the legend of the colors. */
function Numbers({calls}: {readonly calls: CallCounts}) {
  return (
    <dl className={styles.numbers}>
      <div>
        <dt>Ended</dt>
        <dd>{calls.total.toLocaleString()}</dd>
      </div>
      {callOutcomes.map((outcome) => (
        <div key={outcome} data-zero={calls.counts[outcome] === 0 || undefined}>
          <dt>
            <OutcomeKey outcome={outcome} />
          </dt>
          <dd>{calls.counts[outcome].toLocaleString()}</dd>
        </div>
      ))}
      <div>
        <dt>
          <span className={styles.swatch} data-outcome="answered" aria-hidden="true" />
          Answered
        </dt>
        <dd>
          {calls.answered.toLocaleString()}
          {calls.total > 0 && <span className={styles.rate}>{ratePercent(calls)}</span>}
        </dd>
      </div>
    </dl>
  );
}

interface PictureProps {
  readonly groups: readonly HourGroup[];
  readonly width: number;
  /** -1 if no bar is selected. */
  readonly chosen: number;
}

function Picture({groups, width, chosen}: PictureProps) {
  const top = niceTop(Math.max(0, ...groups.map(({total}) => total)));
  const slot = Math.max(0, width - LEFT) / Math.max(1, groups.length);
  const bar = Math.max(2, Math.min(28, slot - (slot > 10 ? 3 : 1.5)));
  const x = (index: number) => LEFT + slot * index + (slot - bar) / 2;
  const y = (value: number) => TOP + (BARS - TOP) * (1 - value / top);
  const rateTop = BARS + GAP;
  const names = namedGroups(groups, (width - LEFT) / NAME_WIDTH).filter(
    (index) => LEFT + slot * index + NAME_WIDTH <= width,
  );
  const isLong = (groups.at(-1)?.end ?? 0) - (groups[0]?.start ?? 0) > 2 * 86_400_000;
  return (
    <svg className={styles.picture} width={width} height={HEIGHT} aria-hidden="true">
      {chosen >= 0 && (
        <rect className={styles.chosen} x={LEFT + slot * chosen} y={0} width={slot} height={HEIGHT - AXIS} />
      )}
      {[0, top].map((value) => (
        <g key={value}>
          <line className={styles.rule} x1={LEFT} x2={width} y1={y(value)} y2={y(value)} />
          <text className={styles.tick} x={LEFT - 6} y={y(value)} dy="0.35em" textAnchor="end">
            {value.toLocaleString()}
          </text>
        </g>
      ))}
      {groups.map((group, index) => (
        <Bar key={group.start} group={group} x={x(index)} width={bar} y={y} />
      ))}
      <line className={styles.rule} x1={LEFT} x2={width} y1={rateTop + RATE} y2={rateTop + RATE} />
      <text className={styles.tick} x={LEFT - 6} y={rateTop} dy="0.6em" textAnchor="end">
        100 %
      </text>
      <RateLine
        groups={groups}
        x={(index) => LEFT + slot * (index + 0.5)}
        y={(rate) => rateTop + RATE * (1 - rate)}
      />
      {names.map((index) => {
        const start = groups[index]?.start ?? 0;
        return (
          <text key={start} className={styles.tick} x={LEFT + slot * index} y={HEIGHT - 4}>
            {shortHour(start, isLong)}
          </text>
        );
      })}
    </svg>
  );
}

interface BarProps {
  readonly group: HourGroup;
  readonly x: number;
  readonly width: number;
  readonly y: (value: number) => number;
}

function Bar({group, x, width, y}: BarProps) {
  let below = 0;
  return callOutcomes.map((outcome) => {
    const count = group.counts[outcome];
    if (count === 0) return null;
    const bottom = y(below);
    below += count;
    // Even a small count must be visible.
    const height = Math.max(1, bottom - y(below) - (below > count ? 0.75 : 0));
    return (
      <rect
        key={outcome}
        className={styles.bar}
        data-outcome={outcome}
        x={x}
        y={y(below)}
        width={width}
        height={height}
      />
    );
  });
}

interface RateLineProps {
  readonly groups: readonly HourGroup[];
  readonly x: (index: number) => number;
  readonly y: (rate: number) => number;
}

/** The answer rate, with a gap for hours without ended calls, and a point for an isolated hour. */
function RateLine({groups, x, y}: RateLineProps) {
  const rates = groups.map(answerRate);
  let line = '';
  for (const [index, rate] of rates.entries()) {
    if (rate === undefined) continue;
    line += `${rates[index - 1] === undefined ? 'M' : 'L'}${x(index).toFixed(1)} ${y(rate).toFixed(1)}`;
  }
  return (
    <>
      <path className={styles['rate-line']} d={line} />
      {rates.map(
        (rate, index) =>
          rate !== undefined && (
            <circle key={groups[index]?.start} className={styles.point} cx={x(index)} cy={y(rate)} r={1.75} />
          ),
      )}
    </>
  );
}

/** The numbers of a bar, for screen readers. */
function groupText(group: HourGroup | undefined): string {
  if (group === undefined) return 'no data';
  const {counts, total} = group;
  const parts = callOutcomes
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${counts[outcome]} ${outcomeWord(outcome).toLowerCase()}`);
  const rate = total === 0 ? '' : `, ${ratePercent(group)} answered`;
  return `${hourLabels(group)}: ${total} ended${rate}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

function lastBusy(groups: readonly HourGroup[]): number {
  const found = groups.findLastIndex(({total}) => total > 0);
  return found === -1 ? groups.length - 1 : found;
}

function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
