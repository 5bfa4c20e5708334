/** The metrics of the last 15 minutes as small charts with numbers. */
import type {HealthSeries} from '@hookswitch/protocol';
import {useMemo} from 'react';
import {endpoints} from '../../api/endpoints.ts';
import {type LiveResource, useResource} from '../../api/use-resource.ts';
import {classes} from '../../design/classes.ts';
import {Sparkline} from '../../design/sparkline.tsx';
import {ResourceView} from '../../design/states.tsx';
import styles from './health.module.css';
import {type Metric, metricsOf, readMetric} from './metric-labels.ts';

const POLL_MS = 5000;

export function Metrics({isPaused}: {readonly isPaused: boolean}) {
  const series = useResource(endpoints.healthSeries(), {
    pollMs: isPaused ? undefined : POLL_MS,
    keep: true,
  });
  return (
    <section className={styles.section} aria-labelledby="metrics">
      <div className={styles['section-head']}>
        <h2 id="metrics">Last 15 minutes</h2>
        <p className={styles.quiet}>{noteOf(series)}</p>
      </div>
      <ResourceView resource={series}>{(data) => <Tiles series={data} />}</ResourceView>
    </section>
  );
}

function noteOf(series: LiveResource<HealthSeries>): string {
  if (series.state !== 'ready') return '';
  const {samples, intervalMs} = series.data;
  const seconds = intervalMs / 1000;
  if (samples.length === 0) return `The first sample is taken ${seconds} s after the start.`;
  return `One sample every ${seconds} s. The charts start at zero.`;
}

function Tiles({series}: {readonly series: HealthSeries}) {
  const {intervalMs} = series;
  const metrics = useMemo(() => metricsOf({intervalMs}), [intervalMs]);
  return (
    <ul className={styles.tiles}>
      {metrics.map((metric) => (
        <Tile key={metric.id} metric={metric} series={series} />
      ))}
    </ul>
  );
}

function Tile({metric, series}: {readonly metric: Metric; readonly series: HealthSeries}) {
  const reading = useMemo(() => readMetric(metric, series), [metric, series]);
  const {values, current, isNow, min, max, sentence} = reading;
  const isBad = metric.isBad === true && max !== undefined && max !== '0';
  return (
    <li className={classes(styles.tile, isBad && styles['tile-bad'])} data-metric={metric.id}>
      <p className={styles['tile-name']}>{metric.name}</p>
      <p className={styles['tile-value']}>
        {current === undefined ? (
          <span className={styles.none}>–</span>
        ) : (
          <>
            <span className={isNow ? undefined : styles.none}>{current}</span>{' '}
            <span className={styles.unit}>{isNow ? metric.unit : `${metric.unit}, last`}</span>
          </>
        )}
      </p>
      <Sparkline values={values} label={sentence} {...(metric.max !== undefined && {max: metric.max})} />
      <p className={styles.range}>
        {min === undefined ? 'no data' : min === max ? `always ${min}` : `${min} to ${max}`}
      </p>
    </li>
  );
}
