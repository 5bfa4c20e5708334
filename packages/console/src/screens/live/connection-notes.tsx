/** Notes about the freshness of the rows, and about the changes during an outage. */
import type {ConnectionState} from '@hookswitch/client';
import {ConnectionNote} from '../../calls/stale-note.tsx';
import type {Freshness, Return} from './live-table.ts';

export function ReturnNote({returned: {recovered, changes}}: {readonly returned: Return}) {
  const came = changes === 0 ? 'nothing changed' : changes === 1 ? '1 change' : `${changes} changes`;
  return (
    <ConnectionNote icon={recovered ? 'check' : 'refresh'} good>
      {recovered
        ? `Caught up: ${came} meanwhile. Nothing was missed.`
        : 'Reloaded: the gateway could not resume from the last position. Calls that ended meanwhile are in the history.'}
    </ConnectionNote>
  );
}

/** Why there are no rows, before the first connection. */
export function waitingLabels(connection: ConnectionState): string | undefined {
  switch (connection.phase) {
    case 'connecting':
    case 'catching-up':
    case 'live':
      return undefined;
    case 'waiting':
      return 'The gateway is unreachable. This page keeps trying to connect.';
    case 'stopped':
      return connection.why === 'not-started' ? undefined : connection.whatToDo;
  }
}

/** The gateway's clock when the rows were last live; `undefined` while they are live. */
export function asOfGateway(freshness: Freshness): number | undefined {
  return freshness.kind === 'stale' ? freshness.asOf : undefined;
}
