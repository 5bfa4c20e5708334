/** What has to be known about the rows: how far they can be trusted, and what came in while they were not live. */
import type {ConnectionState} from '@hookswitch/client';
import {ConnectionNote} from '../../calls/stale-note.tsx';
import type {Freshness, Return} from './live-table.ts';

export function ReturnNote({returned: {recovered, changes}}: {readonly returned: Return}) {
  const came =
    changes === 0 ? 'nothing changed' : changes === 1 ? '1 change came in' : `${changes} changes came in`;
  return (
    <ConnectionNote icon={recovered ? 'check' : 'refresh'} good>
      {recovered
        ? `Caught up: ${came} meanwhile, and nothing was missed.`
        : 'Shown anew: the gateway could not continue where this page was. What ended meanwhile is in the history.'}
    </ConnectionNote>
  );
}

/** Why there is nothing to show yet, and never was. */
export function waitingLabels(connection: ConnectionState): string | undefined {
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
export function asOfGateway(freshness: Freshness): number | undefined {
  return freshness.kind === 'stale' ? freshness.asOf : undefined;
}
