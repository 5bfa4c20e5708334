/** A call's outcome with its color in the chart. */
import type {CallOutcome} from '@hookswitch/protocol';
import {statusWord} from '../../design/status-labels.ts';
import styles from './history.module.css';

export function OutcomeKey({outcome}: {readonly outcome: CallOutcome}) {
  return (
    <>
      <span className={styles.swatch} data-outcome={outcome} aria-hidden="true" />
      {outcomeWord(outcome)}
    </>
  );
}

export function outcomeWord(outcome: CallOutcome): string {
  return outcome === 'completed' ? statusWord('completed') : statusWord('failed', outcome);
}
