/**
 * Checks that a connection keeps its server process. Behind a pooler in transaction or statement mode it does
 * not. Then settings, LISTEN, advisory locks and prepared statements would end up in another client's
 * session.
 */
import {JournalUnavailableError} from '../errors/app-error.ts';
import {numberOf} from './rows.ts';

export const SESSION_MODE =
  'Use a pooler in session mode (PgBouncer: pool_mode=session; Supabase: port 5432 in place of 6543; Neon: the host without ' +
  '-pooler), or connect to PostgreSQL itself.';

/** The part of a connection that this check needs. */
export interface PinnedConnection {
  /** The server process that answered when the session was set up. */
  readonly pid: number;
  query(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  run(sql: string): Promise<unknown>;
}

/** @throws JournalUnavailableError */
export function assertSameProcess(expected: number, found: number): void {
  if (found !== expected) throw shared();
}

/**
 * Checks two connections that are open at the same time. In session mode, each has its own process and keeps
 * it. A pooler that shares processes hands out either the last used one or each in turn. The order of the
 * queries detects both. The open transaction also blocks the other connection from using its process.
 * @throws JournalUnavailableError
 */
export async function assertOwnProcesses(first: PinnedConnection, second: PinnedConnection): Promise<void> {
  if (first.pid === second.pid) throw shared();
  for (const connection of [first, second, second, first]) await assertPinned(connection);
  await first.run('BEGIN');
  for (const connection of [first, second, second]) await assertPinned(connection);
  await first.run('ROLLBACK');
  await assertPinned(first);
}

async function assertPinned(connection: PinnedConnection): Promise<void> {
  const [row] = await connection.query('SELECT pg_backend_pid() AS pid');
  assertSameProcess(connection.pid, numberOf(row?.['pid']));
}

function shared(): JournalUnavailableError {
  return new JournalUnavailableError(
    'A pooler between the gateway and the database shares its connections among clients (transaction or statement ' +
      `mode), so settings, LISTEN and locks of a session get lost. ${SESSION_MODE}`,
  );
}
