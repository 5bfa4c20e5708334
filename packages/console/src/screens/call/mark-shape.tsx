/** The shapes of the marks; hollow if the event changed nothing. */
import styles from './call.module.css';
import type {MarkKind} from './timeline-model.ts';

export interface MarkShapeProps {
  readonly kind: MarkKind;
  readonly isHollow: boolean;
  /** The center. */
  readonly x: number;
  readonly y: number;
}

export function MarkShape({kind, isHollow, x, y}: MarkShapeProps) {
  return (
    <path
      d={shapes[kind]}
      transform={`translate(${x} ${y})`}
      data-hollow={isHollow || undefined}
      className={styles['mark-shape']}
    />
  );
}

/** Centered on 0 0, 9 units wide. */
const shapes: Readonly<Record<MarkKind, string>> = {
  callback: 'M4.5 0a4.5 4.5 0 1 1-9 0a4.500 4.500 0 1 1 9 0Z',
  api: 'M-4-4h8v8h-8Z',
  reconcile: 'M0-5.300l5.300 5.300l-5.300 5.300l-5.300-5.300Z',
  command: 'M-5-4h10l-5 9Z',
};
