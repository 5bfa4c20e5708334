/**
 * Whether a connection of ours keeps its process of the server. Behind a pooler in transaction or statement mode it does not:
 * settings, LISTEN, advisory locks and prepared statements would end up in somebody else's session.
 */
import {JournalUnavailableError} from '../errors/app-error.ts';
import {numberOf} from './rows.ts';

export const SESSION_MODE =
  'Use a pooler in session mode (PgBouncer: pool_mode=session; Supabase: port 5432 in place of 6543; Neon: the host without ' +
  '-pooler), or connect to PostgreSQL itself.';

/** A connection, as far as it is needed here. */
export interface PinnedConnection {
  /** Process of the server that answered when the session was set up. */
  readonly pid: number;
  query(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  run(sql: string): Promise<unknown>;
}

/** @throws JournalUnavailableError */
export function assertSameProcess(expected: number, found: number): void {
  if (found !== expected) throw shared();
}

/**
 * Looks at two connections that are open at once. In session mode each has a process of its own, and keeps it. A pooler that
 * shares them gives out the one that was used last, or each in turn: the order of the questions finds out either, and the
 * open transaction leaves the other connection no way to the same process.
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
    'A pooler between the gateway and the database gives its connections to several clients in turn (transaction or statement ' +
      `mode), and what belongs to a session gets lost: settings, LISTEN, locks. ${SESSION_MODE}`,
  );
}
