/**
 * The settings that every session of ours needs. Defaults of the server, the role, the database or a pooler do not count.
 *
 * They are set by statements once a connection is there, and read back by another one. Startup parameters would save the
 * round trips, but a pooler may refuse them (PgBouncer's default) or drop them without a word (`ignore_startup_parameters`),
 * and acknowledged webhooks were lost that way.
 */
import type {ClientBase} from 'pg';
import {JournalUnavailableError} from '../errors/app-error.ts';
import {numberOf, type Row, textOf} from './rows.ts';
import {assertSameProcess, SESSION_MODE} from './session-pinning.ts';

/** All times in milliseconds. */
export interface SessionLimits {
  /** Until a connection is made, and as long again until its session is set up; or until one of the pool is free. */
  readonly connectMs: number;
  /** A statement, on the server. */
  readonly statementMs: number;
  /** A wait for a lock. */
  readonly lockMs: number;
  /** A transaction of ours that does nothing: the server ends it, so that a node that was paused holds up nobody. */
  readonly idleInTransactionMs: number;
  /** An answer, on our side: what a server that is paused or cut off costs. */
  readonly answerMs: number;
}

/**
 * `lockMs` is above `idleInTransactionMs`: when another node stops within a transaction, the server ends that one before
 * anybody gives up waiting for it.
 */
export const sessionLimits: SessionLimits = {
  connectMs: 3000,
  statementMs: 5000,
  lockMs: 2000,
  idleInTransactionMs: 1500,
  answerMs: 6000,
};

/** For a migration: an index on millions of rows takes its time, and so does the node that is at it already. */
export const migrationLimits: SessionLimits = {
  connectMs: 3000,
  statementMs: 600_000,
  lockMs: 600_000,
  idleInTransactionMs: 30_000,
  answerMs: 610_000,
};

type Settings = Readonly<Record<string, string>>;

/** Values as `pg_settings` shows them. They are ours; nothing of them comes from outside. */
const settings: Settings = {
  // J1: durable when it resolves.
  synchronous_commit: 'on',
  // A role or a database may have other defaults. Statements and transactions would then fail or mean something else.
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  standard_conforming_strings: 'on',
  client_encoding: 'UTF8',
  search_path: 'hookswitch',
  client_min_messages: 'warning',
  timezone: 'UTC',
  // The listener and the pool are silent for seconds.
  idle_session_timeout: '0',
  // Each statement of ours goes by an index. A plan that was made while a table was small must not outlive that, and
  // a table that nobody has analysed yet must not be read from end to end.
  enable_seqscan: 'off',
  // Compiling takes longer than any statement of ours.
  jit: 'off',
};

/**
 * A node that is cut off cannot say that it gives a connection up: the server's default finds out after two hours, and until
 * then each one counts against its limit. Not read back: on a Unix socket, such as between pooler and server, they read 0.
 */
const keepalives: Settings = {
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
};

/** Since PostgreSQL 17; it would end a migration. */
const UNLIMIT_TRANSACTIONS = `CASE WHEN current_setting('server_version_num')::int >= 170000
  THEN set_config('transaction_timeout', '0', false) END`;

/**
 * Sets up a session that has just been made, and makes sure that it stays as it was set.
 * @returns the process id of the server's side, also behind a pooler, which tells a client another one
 * @throws JournalUnavailableError — the session does not keep its settings @throws Error — of the driver
 */
export async function setUpSession(
  client: Pick<ClientBase, 'query'>,
  limits: SessionLimits,
): Promise<number> {
  const wanted: Settings = {
    ...settings,
    statement_timeout: String(limits.statementMs),
    lock_timeout: String(limits.lockMs),
    idle_in_transaction_session_timeout: String(limits.idleInTransactionMs),
  };
  const ask = async (text: string): Promise<readonly Row[]> => {
    // A pooler may let us in and then have no connection of the server for us.
    const request = {text, query_timeout: limits.connectMs};
    const results = (await client.query<Row>(request)) as unknown as Result | readonly Result[];
    return (Array.isArray(results) ? (results.at(-1) as Result) : (results as Result)).rows;
  };
  const sets = Object.entries({...wanted, ...keepalives}).map(([name, value]) => `SET ${name} = '${value}'`);
  const [first] = await ask(`${sets.join('; ')}; SELECT pg_backend_pid() AS pid, ${UNLIMIT_TRANSACTIONS}`);
  const pid = numberOf(first?.['pid']);
  const names = [...Object.keys(wanted), 'transaction_timeout'].map((name) => `'${name}'`).join(', ');
  const rows = await ask(
    `SELECT lower(name) AS name, setting, pg_backend_pid() AS pid FROM pg_settings WHERE lower(name) IN (${names})`,
  );
  for (const row of rows) assertSameProcess(pid, numberOf(row['pid']));
  assertKept({...wanted, transaction_timeout: '0'}, rows);
  return pid;
}

interface Result {
  readonly rows: readonly Row[];
}

/** @throws JournalUnavailableError — a setting is not what it was set to */
export function assertKept(wanted: Settings, rows: readonly Row[]): void {
  const found = new Map(rows.map((row) => [textOf(row['name']), textOf(row['setting'])]));
  for (const [name, value] of Object.entries(wanted)) {
    const setting = found.get(name);
    // Only this one is not in every version.
    if (setting === value || (setting === undefined && name === 'transaction_timeout')) continue;
    throw notKept(name, value, setting);
  }
}

/** Selects what {@link assertDurable} looks at. */
export const SESSION_FACTS = `pg_backend_pid() AS pid, current_setting('synchronous_commit') AS synchronous_commit`;

/**
 * Looks, within a transaction that is going to be committed, whether its commit will wait for the disk, and whether it is in
 * the session that was set up: a pooler can be reconfigured while we are connected.
 * @throws JournalUnavailableError
 */
export function assertDurable(pid: number, row: Row | undefined): void {
  assertSameProcess(pid, numberOf(row?.['pid']));
  const found = textOf(row?.['synchronous_commit']);
  if (found !== 'on') throw notKept('synchronous_commit', 'on', found);
}

function notKept(name: string, value: string, found: string | undefined): JournalUnavailableError {
  const what = found === undefined ? 'is not there' : `reads ${JSON.stringify(found)}`;
  const why =
    name === 'synchronous_commit'
      ? ' Webhooks that were acknowledged would be lost in a crash of the database.'
      : '';
  return new JournalUnavailableError(
    `The database, or a pooler before it, does not keep the setting ${name} of a session: it was set to ` +
      `${JSON.stringify(value)} and ${what}.${why} ${SESSION_MODE}`,
  );
}
