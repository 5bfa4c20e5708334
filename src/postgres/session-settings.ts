/**
 * The settings that every session needs, whatever the defaults of the server, the role, the database or a
 * pooler.
 *
 * Statements set them once the connection exists, and another statement reads them back. Startup parameters
 * would save these round trips. But a pooler may refuse them (PgBouncer's default) or drop them silently
 * (`ignore_startup_parameters`), which has already lost acknowledged webhooks.
 */
import type {ClientBase} from 'pg';
import {JournalUnavailableError} from '../errors/app-error.ts';
import {numberOf, type Row, textOf} from './rows.ts';
import {assertSameProcess, SESSION_MODE} from './session-pinning.ts';

/** Time limits in milliseconds. */
export interface SessionLimits {
  /** For connecting, then again for the session's setup. Also the wait for a free connection of the pool. */
  readonly connectMs: number;
  /** For a statement, on the server. */
  readonly statementMs: number;
  /** For a lock. */
  readonly lockMs: number;
  /** For an idle transaction. The server ends it, so that a paused node does not block the others. */
  readonly idleInTransactionMs: number;
  /** For an answer, on our side. It limits the wait for a paused or unreachable server. */
  readonly answerMs: number;
}

/**
 * `lockMs` exceeds `idleInTransactionMs`. If another node stops during a transaction, the server ends that
 * transaction before a waiting node gives up.
 */
export const sessionLimits: SessionLimits = {
  connectMs: 3000,
  statementMs: 5000,
  lockMs: 2000,
  idleInTransactionMs: 1500,
  answerMs: 6000,
};

/**
 * Limits of a migration. Indexing millions of rows takes long, and so does waiting for another node that does
 * it.
 */
export const migrationLimits: SessionLimits = {
  connectMs: 3000,
  statementMs: 600_000,
  lockMs: 600_000,
  idleInTransactionMs: 30_000,
  answerMs: 610_000,
};

type Settings = Readonly<Record<string, string>>;

/** Values as `pg_settings` shows them. They are constants, so building SQL from them is safe. */
const settings: Settings = {
  // J1: an append is durable when it resolves.
  synchronous_commit: 'on',
  // A role or database may have other defaults, with which statements would fail or mean something else.
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  standard_conforming_strings: 'on',
  client_encoding: 'UTF8',
  search_path: 'hookswitch',
  client_min_messages: 'warning',
  timezone: 'UTC',
  // The listener and the pool can be idle for long.
  idle_session_timeout: '0',
  // Every statement of ours can use an index. A plan made while a table was small must not outlive that, and
  // a table without statistics must not be scanned completely.
  enable_seqscan: 'off',
  // Compiling takes longer than any of our statements.
  jit: 'off',
};

/**
 * An unreachable node cannot close its connections. By default, the server notices that after two hours, and
 * until then they count against its limit. These are not read back, because a Unix socket, such as from a
 * pooler, shows 0.
 */
const keepalives: Settings = {
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
};

/** PostgreSQL 17 and later have this limit, which could end a migration. */
const UNLIMIT_TRANSACTIONS = `CASE WHEN current_setting('server_version_num')::int >= 170000
  THEN set_config('transaction_timeout', '0', false) END`;

/**
 * Sets up a new session and checks that it keeps its settings.
 * @returns the server's process id, which a pooler would report differently
 * @throws JournalUnavailableError if the session does not keep its settings @throws Error of the driver
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
    // A pooler may accept the client and then have no server connection for it.
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

/** @throws JournalUnavailableError if a setting has another value */
export function assertKept(wanted: Settings, rows: readonly Row[]): void {
  const found = new Map(rows.map((row) => [textOf(row['name']), textOf(row['setting'])]));
  for (const [name, value] of Object.entries(wanted)) {
    const setting = found.get(name);
    // Only this setting is missing in some versions.
    if (setting === value || (setting === undefined && name === 'transaction_timeout')) continue;
    throw notKept(name, value, setting);
  }
}

/** Selects the columns that {@link assertDurable} checks. */
export const SESSION_FACTS = `pg_backend_pid() AS pid, current_setting('synchronous_commit') AS synchronous_commit`;

/**
 * Checks, within a transaction before its commit, that the commit will wait for the disk and that the session
 * is still the one that was set up. A pooler can be reconfigured while the gateway is connected.
 * @throws JournalUnavailableError
 */
export function assertDurable(pid: number, row: Row | undefined): void {
  assertSameProcess(pid, numberOf(row?.['pid']));
  const found = textOf(row?.['synchronous_commit']);
  if (found !== 'on') throw notKept('synchronous_commit', 'on', found);
}

function notKept(name: string, value: string, found: string | undefined): JournalUnavailableError {
  const what = found === undefined ? 'is missing' : `reads ${JSON.stringify(found)}`;
  const why =
    name === 'synchronous_commit' ? ' A crash of the database would lose acknowledged webhooks.' : '';
  return new JournalUnavailableError(
    `The database, or a pooler in front of it, does not keep the session setting ${name}: it was set to ` +
      `${JSON.stringify(value)} and ${what}.${why} ${SESSION_MODE}`,
  );
}
