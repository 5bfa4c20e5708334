/**
 * The connection that reads, in the reader's thread. It sees what is committed and nothing else; every answer comes
 * from one snapshot. After an error it is closed and opened again with the next question.
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

  /** The answer as JSON; nothing when there is nothing to say. */
  answer(request: ReaderRequest): string | undefined {
    if (request.kind === 'close') {
      this.#disconnect();
      return undefined;
    }
    const {database, queries} = this.#connection ?? this.#connect();
    try {
      // Several statements, one snapshot.
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
    // Not opened read-only: such a connection cannot take part in a WAL that has no -shm file yet.
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
      // It is being given up because it does not work.
    }
  }
}
