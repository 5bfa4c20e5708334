/**
 * The reading connection, in the reader thread. It sees only committed data, and each answer is one snapshot.
 * After an error, the connection is closed, and the next query opens a new one.
 */
import {DatabaseSync} from 'node:sqlite';
import type {ReaderRequest, WorkerSettings} from '../worker-messages.ts';
import {ReaderQueries} from './reader-queries.ts';

const BUSY_TIMEOUT_MS = 5000;

interface Connection {
  readonly database: DatabaseSync;
  readonly queries: ReaderQueries;
}

export class ReaderStore {
  readonly #settings: WorkerSettings;
  #connection: Connection | undefined;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  /** Returns the answer as JSON, or `undefined` if there is none. */
  answer(request: ReaderRequest): string | undefined {
    if (request.kind === 'close') {
      this.#disconnect();
      return undefined;
    }
    const {database, queries} = this.#connection ?? this.#connect();
    try {
      // A transaction gives all statements of the query the same snapshot.
      database.exec('BEGIN');
      const json = queries.answer(request);
      database.exec('COMMIT');
      return json;
    } catch (error) {
      this.#disconnect();
      throw error;
    }
  }

  #connect(): Connection {
    const database = new DatabaseSync(this.#settings.file, {timeout: BUSY_TIMEOUT_MS});
    // Not opened read-only, because a read-only connection cannot use a WAL without a -shm file.
    database.exec('PRAGMA query_only = ON');
    this.#connection = {database, queries: new ReaderQueries(database)};
    return this.#connection;
  }

  #disconnect(): void {
    const database = this.#connection?.database;
    this.#connection = undefined;
    try {
      database?.close();
    } catch {
      // The connection is broken and is dropped anyway.
    }
  }
}
