/**
 * The tail's own connection. Live entries must not wait for history queries, which can occupy every
 * connection of the pool for seconds.
 */
import {toPortError} from '../../../postgres/failures.ts';
import type {PostgresConnection, PreparedStatement} from '../../../postgres/postgres-connection.ts';
import type {PostgresDatabase} from '../../../postgres/postgres-database.ts';
import type {Row} from '../../../postgres/rows.ts';
import {sessionLimits} from '../../../postgres/session-settings.ts';

/** The tail reads a page within milliseconds, or tries again with another connection. */
const limits = {...sessionLimits, statementMs: 2500, answerMs: 3000};

export class TailConnection {
  readonly #database: PostgresDatabase;
  #connection: PostgresConnection | undefined;
  #stopped = false;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  /**
   * Runs one query at a time. After an error, the next query connects again. @throws JournalUnavailableError
   */
  readonly query = async (
    statement: PreparedStatement,
    values: readonly unknown[],
  ): Promise<readonly Row[]> => {
    const connection = this.#connection ?? (await this.#connect());
    try {
      return await connection.query(statement, values);
    } catch (error) {
      this.#drop(connection);
      throw toPortError(error);
    }
  };

  /** Drops the connection, because it may lead to a replaced server. The next query connects again. */
  renew(): void {
    if (this.#connection !== undefined) this.#drop(this.#connection);
  }

  /** Disconnects. A running query fails. */
  stop(): void {
    this.#stopped = true;
    if (this.#connection !== undefined) this.#drop(this.#connection);
  }

  async #connect(): Promise<PostgresConnection> {
    const connection = await this.#database.connect('tail', limits);
    if (this.#stopped) {
      connection.close();
      return connection;
    }
    connection.onEnd(() => this.#drop(connection));
    this.#connection = connection;
    return connection;
  }

  #drop(connection: PostgresConnection): void {
    connection.close();
    if (this.#connection === connection) this.#connection = undefined;
  }
}
