/** Explains the shapes and textures that occur in the timeline. */
import styles from './call.module.css';
import {kindLabels, phaseLabels} from './event-labels.ts';
import {MarkShape} from './mark-shape.tsx';
import type {MarkKind, Phase, Timeline} from './timeline-model.ts';

const phases: readonly Phase[] = ['dialing', 'ringing', 'talking'];
const kinds: readonly MarkKind[] = ['callback', 'api', 'reconcile', 'command'];

export function TimelineLegend({timeline: {lanes, gaps}}: {readonly timeline: Timeline}) {
  const bars = lanes.flatMap((lane) => lane.bars);
  const marks = lanes.flatMap((lane) => lane.marks);
  return (
    <ul className={styles.legend} aria-label="Legend">
      {phases
        .filter((phase) => bars.some((bar) => bar.phase === phase))
        .map((phase) => (
          <li key={phase} className={styles.key}>
            <svg width="22" height="12" aria-hidden="true" className={styles[phase]}>
              <rect width="22" height="12" rx="2" className={styles.bar} />
            </svg>
            {phaseLabels[phase]}
          </li>
        ))}
      {bars.some(({unconfirmedFrom}) => unconfirmedFrom !== undefined) && (
        <li className={styles.key}>
          <svg width="22" height="12" aria-hidden="true">
            <rect width="22" height="12" className={styles.unconfirmed} />
          </svg>
          Unconfirmed
        </li>
      )}
      {bars.some(({isInferred}) => isInferred) && (
        <li className={styles.key}>Talking: start computed from the duration</li>
      )}
      {kinds
        .filter((kind) => marks.some((mark) => mark.kind === kind))
        .map((kind) => (
          <li key={kind} className={styles.key}>
            <svg width="14" height="14" aria-hidden="true" className={styles.mark} data-kind={kind}>
              <MarkShape kind={kind} isHollow={false} x={7} y={7} />
            </svg>
            {kindLabels[kind]}
          </li>
        ))}
      {marks.some(({isHollow}) => isHollow) && (
        <li className={styles.key}>
          <svg width="14" height="14" aria-hidden="true" className={styles.mark}>
            <MarkShape kind="callback" isHollow x={7} y={7} />
          </svg>
          Hollow: late or duplicate
        </li>
      )}
      {gaps.length > 0 && (
        <li className={styles.key}>
          <svg width="22" height="12" aria-hidden="true">
            <path d="M0 6L4 3L9 9L13 3L18 9L22 6" className={styles.gap} />
          </svg>
          Idle time, shortened
        </li>
      )}
    </ul>
  );
}
