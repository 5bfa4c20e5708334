/**
 * Which history this is. A promoted standby and a restored backup may lack commits that somebody was told of, and their
 * offsets would be given out again for other entries: then a new epoch begins, and no cursor of before is believed.
 */
import {randomUUID} from 'node:crypto';
import type {PostgresConnection} from '../../postgres/postgres-connection.ts';
import {textOf} from '../../postgres/rows.ts';
import {assertDurable, SESSION_FACTS} from '../../postgres/session-settings.ts';
import type {Offset} from '../call-event.ts';
import type {JournalOpening} from '../journal.ts';
import type {ServerTimeline} from './timeline-fence.ts';
import type {LoadedHead} from './writer/load-group.ts';

/** The log has a new timeline with each promotion and each recovery to a point in time. */
const TIMELINE = 'substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)';

/** What can only change with the server, and so with the connection. */
export interface ServerHistory {
  /** Empty where this user may not ask. */
  readonly systemIdentifier: string;
}

/** The last that this node knows of the journal. */
export interface SeenHead {
  readonly epoch: string;
  readonly head: Offset;
}

export interface LockedHead {
  readonly timeline: string;
  readonly systemIdentifier: string;
  /** Of the server, now. */
  readonly currentTimeline: string;
}

/** Asked once for each connection. */
export async function readServerHistory(connection: PostgresConnection): Promise<ServerHistory> {
  const [allowed] = await connection.query(
    `SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS allowed`,
  );
  if (allowed?.['allowed'] !== true) return {systemIdentifier: ''};
  const [row] = await connection.query('SELECT system_identifier::text AS id FROM pg_control_system()');
  return {systemIdentifier: textOf(row?.['id'])};
}

/** Makes the one row of a journal that is new. */
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
 * Begins a transaction, and waits for everybody who appends before us, at any node.
 * @throws JournalUnavailableError — its commit would not be durable
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

/** Where what is written now goes. */
export function timelineOf(locked: LockedHead, {systemIdentifier}: ServerHistory): ServerTimeline {
  return {systemIdentifier, timeline: locked.currentTimeline};
}

/**
 * Begins a new epoch where this is not the history it was: within the transaction that has locked the head, so that of all
 * nodes one does. Without a reason, nothing is done.
 */
export async function settleEpoch(
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
