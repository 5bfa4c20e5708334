/** A call's status as shape, word and color, so that each of them alone identifies it. */
import type {FailureReason} from '@hookswitch/protocol';
import {Shape, ShapeMark} from './shape-mark.tsx';
import {type MarkStatus, statusWord} from './status-labels.ts';
import styles from './status-mark.module.css';

export interface StatusMarkProps {
  readonly status: MarkStatus;
  readonly reason?: FailureReason | undefined;
  /** Only the shape, for narrow columns or where the word is next to it. Screen readers get the word. */
  readonly shapeOnly?: boolean;
}

export function StatusMark({status, reason, shapeOnly = false}: StatusMarkProps) {
  const word = statusWord(status, reason);
  return (
    <ShapeMark
      className={styles[status]}
      data-status={status}
      shape={<StatusShape status={status} {...(shapeOnly && {label: word})} />}
      word={shapeOnly ? undefined : word}
    />
  );
}

/** Drawn in the color of the surrounding text. */
export function StatusShape({status, label}: {readonly status: MarkStatus; readonly label?: string}) {
  return <Shape label={label}>{shapes[status]}</Shape>;
}

const shapes: Readonly<Record<MarkStatus, React.ReactNode>> = {
  initiating: <circle cx="6" cy="6" r="4.6" strokeDasharray="0.1 3.5" />,
  ringing: (
    <>
      <circle cx="6" cy="6" r="2.1" fill="currentColor" stroke="none" />
      <circle cx="6" cy="6" r="4.9" strokeWidth="1.4" className={styles.wave} />
    </>
  ),
  'in-progress': <circle cx="6" cy="6" r="5" fill="currentColor" stroke="none" />,
  completed: <path d="m1.75 6.5 2.75 2.75 5.75-6.5" />,
  failed: <path d="m2.25 2.25 7.5 7.5m0-7.5-7.5 7.5" />,
  unknown: (
    <rect x="1.75" y="1.75" width="8.5" height="8.5" rx="1.5" strokeDasharray="2 2.25" strokeWidth="1.4" />
  ),
};
