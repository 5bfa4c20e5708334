/**
 * Detects a change of history. A promoted standby or a restored backup may lack acknowledged commits, and
 * would assign their offsets to other entries. Then a new epoch begins, so that cursors of the old epoch are
 * not accepted.
 */
import {randomUUID} from 'node:crypto';
import type {PostgresConnection} from '../../postgres/postgres-connection.ts';
import {textOf} from '../../postgres/rows.ts';
import {assertDurable, SESSION_FACTS} from '../../postgres/session-settings.ts';
import type {Offset} from '../call-event.ts';
import type {JournalOpening} from '../followable-journal.ts';
import type {ServerTimeline} from './timeline-fence.ts';
import type {LoadedHead} from './writer/load-group.ts';

/** Each promotion and each point-in-time recovery starts a new timeline of the write-ahead log. */
const TIMELINE = 'substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)';

/** Facts that change only with the server, and therefore only with the connection. */
export interface ServerHistory {
  /** Empty if this user lacks the permission to read it. */
  readonly systemIdentifier: string;
}

/** The newest head that this node knows. */
export interface SeenHead {
  readonly epoch: string;
  readonly head: Offset;
}

export interface LockedHead {
  readonly timeline: string;
  readonly systemIdentifier: string;
  /** The server's current timeline. */
  readonly currentTimeline: string;
}

/** Runs once per connection. */
export async function readServerHistory(connection: PostgresConnection): Promise<ServerHistory> {
  const [allowed] = await connection.query(
    `SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS allowed`,
  );
  if (allowed?.['allowed'] !== true) return {systemIdentifier: ''};
  const [row] = await connection.query('SELECT system_identifier::text AS id FROM pg_control_system()');
  return {systemIdentifier: textOf(row?.['id'])};
}

/** Creates the single head row of a new journal. */
export async function createHead(
  connection: PostgresConnection,
  {systemIdentifier}: ServerHistory,
): Promise<void> {
  await connection.query(
    `INSERT INTO hookswitch.journal_head (id, epoch, timeline, system_identifier)
     VALUES (1, $1, ${TIMELINE}, $2) ON CONFLICT (id) DO NOTHING`,
    [randomUUID(), systemIdentifier],
  );
}

/**
 * Begins a transaction and locks the head. This waits for every earlier append, at any node.
 * @throws JournalUnavailableError if the commit would not be durable
 */
export async function lockHead(connection: PostgresConnection): Promise<LockedHead> {
  await connection.run('BEGIN');
  const [row] = await connection.query({
    name: 'lock-head',
    text: `SELECT timeline, system_identifier, ${TIMELINE} AS current_timeline, ${SESSION_FACTS}
      FROM hookswitch.journal_head WHERE id = 1 FOR UPDATE`,
  });
  assertDurable(connection.pid, row);
  return {
    timeline: textOf(row?.['timeline']),
    systemIdentifier: textOf(row?.['system_identifier']),
    currentTimeline: textOf(row?.['current_timeline']),
  };
}

/** The timeline that receives the next write. */
export function timelineOf(locked: LockedHead, {systemIdentifier}: ServerHistory): ServerTimeline {
  return {systemIdentifier, timeline: locked.currentTimeline};
}

/**
 * Begins a new epoch if the history has changed. The transaction holds the lock of the head, so only one node
 * begins the new epoch. Does nothing if the history is unchanged.
 */
export async function resolveEpoch(
  connection: PostgresConnection,
  {
    locked,
    server,
    loaded,
    seen,
  }: {locked: LockedHead; server: ServerHistory; loaded: LoadedHead; seen?: SeenHead},
): Promise<JournalOpening> {
  const behind = seen !== undefined && seen.epoch === loaded.epoch && loaded.head < seen.head;
  const moved =
    server.systemIdentifier !== '' &&
    locked.systemIdentifier !== '' &&
    server.systemIdentifier !== locked.systemIdentifier;
  if (!behind && !moved && locked.timeline === locked.currentTimeline) {
    return {epoch: loaded.epoch, head: loaded.head};
  }
  const epoch = randomUUID();
  await connection.query(
    'UPDATE hookswitch.journal_head SET epoch = $1, timeline = $2, system_identifier = $3 WHERE id = 1',
    [epoch, locked.currentTimeline, server.systemIdentifier],
  );
  const lost = behind ? {expected: seen.head, found: loaded.head} : undefined;
  return {epoch, head: loaded.head, ...(lost === undefined ? {} : {lost})};
}
