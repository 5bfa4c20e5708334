/** One check of the doctor: its result, the evidence, the remedy, and a button. */
import type {HealthCheck} from '@hookswitch/protocol';
import {Button} from '../../design/button.tsx';
import {Time} from '../../design/time.tsx';
import {formatMs} from '../../design/time-labels.ts';
import {CheckMark} from './check-mark.tsx';
import styles from './health.module.css';

export interface CheckCardProps {
  readonly check: HealthCheck;
  readonly isRunning: boolean;
  /** Why the check could not be run. */
  readonly problem: string | undefined;
  /** The key may run the action of a check. */
  readonly mayAct: boolean;
  readonly onRun: () => void;
  readonly onAct: (action: NonNullable<HealthCheck['action']>) => void;
}

export function CheckCard({check, isRunning, problem, mayAct, onRun, onAct}: CheckCardProps) {
  const {id, title, status, summary, evidence, remedy, action, checkedAt, tookMs} = check;
  const headingId = `check-${id}`;
  return (
    <article className={styles.card} aria-labelledby={headingId} aria-busy={isRunning} data-check={id}>
      <header className={styles['card-head']}>
        <h3 id={headingId} tabIndex={-1}>
          {title}
        </h3>
        <CheckMark status={isRunning ? 'running' : status} />
      </header>
      <p className={styles.summary}>{summary}</p>
      {remedy !== undefined && <p className={styles.remedy}>{remedy}</p>}
      {evidence.length > 0 && (
        <dl className={styles.evidence} aria-label={`Evidence: ${title}`}>
          {evidence.map(({label, value}, index) => (
            // Labels may repeat.
            <div key={index}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {problem !== undefined && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <footer className={styles['card-foot']}>
        {action !== undefined && mayAct ? (
          <Button small busy={isRunning} onPress={() => onAct(action)}>
            {action.label}…
          </Button>
        ) : (
          <Button small busy={isRunning} label={`Check again: ${title}`} onPress={onRun}>
            {checkedAt === undefined ? 'Check' : 'Check again'}
          </Button>
        )}
        <p className={styles.when}>
          {checkedAt !== undefined && (
            <>
              <Time at={checkedAt} />
              {tookMs !== undefined && <>, took {formatMs(tookMs)}</>}
            </>
          )}
        </p>
        {action !== undefined && !mayAct && (
          <p className={styles.missing}>
            The gateway can fix this for a key with the scope <code>calls:control:all</code>.
          </p>
        )}
      </footer>
    </article>
  );
}
