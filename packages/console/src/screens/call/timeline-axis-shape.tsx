/** The drawn axis: ticks, shortened gaps, and the current time. */
import styles from './call.module.css';
import {type Layout, sizes} from './timeline-layout.ts';
import type {Timeline} from './timeline-model.ts';

export function TimelineAxis({
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
