/** The writer's connection, with the facts that are read once per connection. */
import {JournalUnavailableError} from '../../../errors/app-error.ts';
import type {PostgresConnection} from '../../../postgres/postgres-connection.ts';
import type {PostgresDatabase} from '../../../postgres/postgres-database.ts';
import {readServerHistory, type ServerHistory} from '../epoch.ts';

export interface WriterSession {
  readonly connection: PostgresConnection;
  readonly server: ServerHistory;
}

/**
 * Interval at which the server checks, during a statement, that this client is connected. In milliseconds.
 */
const CLIENT_CHECK_MS = 250;

/**
 * @param onConnected receives the connection at once, so that it can be closed if the setup takes too long
 * @throws JournalUnavailableError @throws Error of the driver
 */
export async function openWriterSession(
  database: PostgresDatabase,
  onConnected: (connection: PostgresConnection) => void,
): Promise<WriterSession> {
  const connection = await database.connect('writer');
  try {
    onConnected(connection);
    await checkClientConnection(connection);
    return {connection, server: await readServerHistory(connection)};
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Makes the server cancel statements of this client once the client is gone. Otherwise a statement or a lock
 * wait continues, and would hold the head, or a place in its queue, for seconds after a timeout or a crash.
 */
async function checkClientConnection(connection: PostgresConnection): Promise<void> {
  try {
    await connection.run(`SET client_connection_check_interval = ${CLIENT_CHECK_MS}`);
  } catch (error) {
    // Some systems do not support this. There, the limits for statements and locks must suffice.
    if (connection.broken !== undefined) throw error;
  }
}

/**
 * Commits. A warning means that the commit is not safe: the wait for a synchronous standby was cut short, so
 * a failure of the primary would lose it.
 */
export async function commit(connection: PostgresConnection): Promise<void> {
  connection.drainWarnings();
  const done = await connection.run('COMMIT');
  // COMMIT after a failed statement rolls back, and the server does not report that as an error.
  if (done !== 'COMMIT') throw new Error(`the transaction was not committed: ${done}`);
  const [warning] = connection.drainWarnings();
  if (warning !== undefined) {
    throw new JournalUnavailableError('The database could not make the write durable on its standby.', {
      cause: new Error(warning),
    });
  }
}
