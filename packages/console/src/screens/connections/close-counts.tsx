/** Counts of close codes since the process started: a summary that expands to a list with descriptions. */
import type {SessionCounts} from '@hookswitch/protocol';
import styles from './connections.module.css';
import {formatCount, plural} from './session-labels.ts';

/** The summary shows at most these; the list has all. */
const MAX_GLANCE = 4;

export function CloseCounts({counts: {opened, open, closes}}: {readonly counts: SessionCounts}) {
  const closed = Math.max(0, opened - open);
  if (closes.length === 0) {
    return (
      <p className={styles.quiet}>
        {plural(opened, 'session')} opened since the gateway started; none has ended yet.
      </p>
    );
  }
  return (
    <details className={styles.closes}>
      <summary>
        <span>
          {formatCount(opened)} opened and {formatCount(closed)} ended since the gateway started
        </span>
        <span className={styles.codes}>
          {closes.slice(0, MAX_GLANCE).map(({code, count, text}) => (
            <span key={code} className={styles.code} title={text}>
              {code} <span className={styles.times}>×{formatCount(count)}</span>
            </span>
          ))}
          {closes.length > MAX_GLANCE && <span>and {closes.length - MAX_GLANCE} other codes</span>}
        </span>
      </summary>
      <dl className={styles['close-list']}>
        {closes.map(({code, text, count}) => (
          <div key={code}>
            <dt>{code}</dt>
            <dd>{formatCount(count)}</dd>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
