/** What has to be known about the rows: that they are not live, or what came in while they were not. */
import type {ConnectionState} from '@hookswitch/client';
import {Icon} from '../../design/icon.tsx';
import {Time} from '../../design/time.tsx';
import styles from './live.module.css';
import type {Freshness, Return} from './live-table.ts';

export function StaleNote({asOf}: {readonly asOf: number}) {
  return (
    <p className={styles.stale} role="status">
      <Icon name="alert" size={14} />
      <span>
        Not live: the calls are shown as of <Time at={asOf} format="clock" local />.
      </span>
    </p>
  );
}

export function ReturnNote({returned: {recovered, changes}}: {readonly returned: Return}) {
  const came =
    changes === 0 ? 'nothing changed' : changes === 1 ? '1 change came in' : `${changes} changes came in`;
  return (
    <p className={styles.returned} role="status">
      <Icon name={recovered ? 'check' : 'refresh'} size={14} />
      <span>
        {recovered
          ? `Caught up: ${came} meanwhile, and nothing was missed.`
          : 'Shown anew: the gateway could not continue where this page was. What ended meanwhile is in the history.'}
      </span>
    </p>
  );
}

/** Why there is nothing to show yet, and never was. */
export function waitingWords(connection: ConnectionState): string | undefined {
  switch (connection.phase) {
    case 'connecting':
    case 'catching-up':
    case 'live':
      return undefined;
    case 'waiting':
      return 'The gateway cannot be reached. This page goes on trying.';
    case 'stopped':
      return connection.why === 'not-started' ? undefined : connection.whatToDo;
  }
}

/** The gateway's clock at the time that the rows were last good; `undefined` while they are live. */
export function asOfServer(freshness: Freshness, clockOffsetMs: number): number | undefined {
  return freshness.kind === 'stale' ? freshness.asOf + clockOffsetMs : undefined;
}
