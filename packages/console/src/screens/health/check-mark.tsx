/** The status of a check as shape, word and color. */
import type {HealthCheck} from '@hookswitch/protocol';
import type {ReactNode} from 'react';
import {Shape, ShapeMark, type ShapeTone} from '../../design/shape-mark.tsx';
import styles from './health.module.css';

type MarkStatus = HealthCheck['status'] | 'running';

const words: Readonly<Record<MarkStatus, string>> = {
  ok: 'OK',
  warning: 'Warning',
  failed: 'Failed',
  'not-run': 'Not checked',
  running: 'Checking…',
};

const tones: Readonly<Record<MarkStatus, ShapeTone>> = {
  ok: 'good',
  warning: 'warning',
  failed: 'bad',
  'not-run': 'quiet',
  running: 'quiet',
};

export function CheckMark({status}: {readonly status: MarkStatus}) {
  return (
    <ShapeMark
      className={styles.mark}
      data-check-status={status}
      tone={tones[status]}
      shape={<Shape size={14}>{shapes[status]}</Shape>}
      word={words[status]}
    />
  );
}

const shapes: Readonly<Record<MarkStatus, ReactNode>> = {
  ok: <path d="m2 7.5 3.2 3.2L12 3.5" />,
  warning: <path d="M7 5.4v2.8M7 10.4v.1M7 1.5 1 12.5h12Z" strokeWidth="1.5" />,
  failed: <path d="m2.75 2.75 8.5 8.5m0-8.5-8.5 8.5" />,
  'not-run': <circle cx="7" cy="7" r="5.2" strokeDasharray="0.1 3.55" />,
  running: <path d="M12.2 7A5.2 5.2 0 1 1 7 1.8" className={styles.turn} />,
};
