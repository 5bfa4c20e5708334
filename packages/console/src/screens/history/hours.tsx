/** The chart for the filter's period, with a note if it covers other calls than the list. */
import {useEffect, useMemo, useState} from 'react';
import {endpoints} from '../../api/endpoints.ts';
import {useResource} from '../../api/use-resource.ts';
import {Button} from '../../design/button.tsx';
import styles from './history.module.css';
import {type CountedPeriod, countedPeriod, type HistoryFilter, listOnly} from './history-filter.ts';
import {hourLabels, momentLabels} from './hour-labels.ts';
import {HoursChart} from './hours-chart.tsx';
import type {Place} from './places.ts';
import {HOUR_MS, useHour} from './server-hour.ts';

const STATISTICS_POLL_MS = 15_000;

export interface HoursProps {
  readonly filter: HistoryFilter;
  readonly now: () => number;
  readonly place: Place;
  readonly onPick: (from: number, to: number) => void;
}

export function Hours({filter, now, place, onPick}: HoursProps) {
  const hour = useHour(now);
  const counted = useMemo(() => countedPeriod(filter.period, (hour + 0.5) * HOUR_MS), [filter.period, hour]);
  const statistics = useResource(
    endpoints.statistics({
      from: new Date(counted.from).toISOString(),
      ...(counted.to !== undefined && {to: new Date(counted.to).toISOString()}),
    }),
    {pollMs: STATISTICS_POLL_MS, keep: true},
  );
  // When the user comes back, show the previous chart at once, so that the content below keeps its position.
  const [before] = useState(place.statistics);
  useEffect(() => {
    if (statistics.state === 'ready') place.statistics = statistics.data;
  }, [place, statistics]);
  if (statistics.state === 'forbidden') return null;
  const data = statistics.state === 'ready' ? statistics.data : before;
  if (data === undefined) return <div className={styles.chart} data-waiting aria-hidden="true" />;
  if (statistics.state === 'failed') {
    return (
      <p className={styles.quiet} role="alert">
        The chart could not be loaded: {statistics.error.message}{' '}
        <Button small onPress={statistics.reload}>
          Try again
        </Button>
      </p>
    );
  }
  const note = chartNote(filter, counted);
  return (
    <HoursChart
      statistics={data}
      period={periodLabels(filter, counted)}
      onPick={onPick}
      {...(note !== '' && {note})}
    />
  );
}

function periodLabels({period}: HistoryFilter, {from, to, isPart}: CountedPeriod): string {
  if (period.kind === 'all') return 'the last 24 hours';
  if (period.kind === 'last')
    return period.hours === 24 ? 'the last 24 hours' : `the last ${period.hours / 24} days`;
  if (to === undefined) return isPart ? 'the last 31 days' : `since ${momentLabels(from)}`;
  return hourLabels({start: from, end: to});
}

/** Notes where the chart and the list cover different calls. */
function chartNote(filter: HistoryFilter, {isPart}: CountedPeriod): string {
  const others = listOnly(filter);
  const parts = [
    ...(filter.period.kind === 'between' && isPart ? ['The chart shows at most 31 days.'] : []),
    ...(others.length > 0
      ? [
          `The chart counts all calls of the period. The filter’s ${listLabels(others)} ${others.length === 1 ? 'applies' : 'apply'} only to the list.`,
        ]
      : []),
  ];
  return parts.join(' ');
}

/** `a`, `a and b`, `a, b and c`. */
function listLabels(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
