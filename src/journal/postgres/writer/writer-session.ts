/** The writer's connection, and what is asked of its server once. */
import {JournalUnavailableError} from '../../../errors/app-error.ts';
import type {PostgresConnection} from '../../../postgres/postgres-connection.ts';
import type {PostgresDatabase} from '../../../postgres/postgres-database.ts';
import {readServerHistory, type ServerHistory} from '../epoch.ts';

export interface WriterSession {
  readonly connection: PostgresConnection;
  readonly server: ServerHistory;
}

/** So often the server looks, during a statement, whether we are there still. In milliseconds. */
const LOOK_FOR_US_MS = 250;

/**
 * @param onConnected is given the connection as soon as there is one, to close it should the rest take too long
 * @throws JournalUnavailableError @throws Error — of the driver
 */
export async function openWriterSession(
  database: PostgresDatabase,
  onConnected: (connection: PostgresConnection) => void,
): Promise<WriterSession> {
  const connection = await database.connect('writer');
  try {
    onConnected(connection);
    await endWithUs(connection);
    return {connection, server: await readServerHistory(connection)};
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * A server goes on with a statement, and a wait for a lock, whose client has gone: it would hold the head, or stand in line for
 * it, for seconds after we have given up or were killed.
 */
async function endWithUs(connection: PostgresConnection): Promise<void> {
  try {
    await connection.run(`SET client_connection_check_interval = ${LOOK_FOR_US_MS}`);
  } catch (error) {
    // Some systems cannot tell: there, the limits of statements and locks have to do.
    if (connection.broken !== undefined) throw error;
  }
}

/**
 * A commit that is warned of is none: the wait for a synchronous standby was cut short, and what the primary has alone is
 * lost with it.
 */
export async function commit(connection: PostgresConnection): Promise<void> {
  connection.takeWarnings();
  const done = await connection.run('COMMIT');
  // What has failed before is rolled back by a COMMIT, which is no error to the server.
  if (done !== 'COMMIT') throw new Error(`the transaction was not committed: ${done}`);
  const [warning] = connection.takeWarnings();
  if (warning !== undefined) {
    throw new JournalUnavailableError('The database could not make it durable on its standby.', {
      cause: new Error(warning),
    });
  }
}
