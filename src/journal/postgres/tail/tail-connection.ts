/**
 * The tail's own way to the database: what is live must not wait behind those who look through the history, and take every
 * connection of the pool for seconds.
 */
import {toPortError} from '../../../postgres/failures.ts';
import type {PostgresConnection, PreparedStatement} from '../../../postgres/postgres-connection.ts';
import type {PostgresDatabase} from '../../../postgres/postgres-database.ts';
import type {Row} from '../../../postgres/rows.ts';
import {sessionLimits} from '../../../postgres/session-settings.ts';

/** A page of the tail comes within milliseconds, or from another connection. */
const limits = {...sessionLimits, statementMs: 2500, answerMs: 3000};

export class TailConnection {
  readonly #database: PostgresDatabase;
  #connection: PostgresConnection | undefined;
  #stopped = false;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  /** One question at a time. @throws JournalUnavailableError — the next one is asked on another connection */
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

  /** The next question is asked on another connection: this one may lead to a server whose place another one has taken. */
  renew(): void {
    if (this.#connection !== undefined) this.#drop(this.#connection);
  }

  /** Whoever waits for an answer is told that there is none. */
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
