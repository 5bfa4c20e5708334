/** Picks the journal's adapter from `DATABASE_URL`. */
import type {Clock} from '../clock.ts';
import {PostgresDatabase} from '../postgres/postgres-database.ts';
import {isPostgresUrl} from '../postgres/postgres-url.ts';
import type {Journal} from './journal.ts';
import {PostgresJournal} from './postgres/postgres-journal.ts';
import {databaseFile} from './sqlite/file-url.ts';
import {SqliteJournal} from './sqlite/sqlite-journal.ts';

export {databaseFile} from './sqlite/file-url.ts';

export interface OpenJournalOptions {
  readonly clock?: Clock;
  /** Receives faults that no caller can receive: the end of a worker, a failed checkpoint. */
  readonly onFault?: (fault: Error) => void;
  /** Receives, once at start, settings of the database that should be changed. */
  readonly onWarning?: (warning: string) => void;
}

/**
 * Creates the journal that `databaseUrl` names. Nothing is opened yet.
 * @throws Error if the URL names no supported kind of journal
 */
export function openJournal(databaseUrl: string, options: OpenJournalOptions = {}): Journal {
  if (!isPostgresUrl(databaseUrl)) return new SqliteJournal({...options, file: databaseFile(databaseUrl)});
  const {onWarning} = options;
  const database = new PostgresDatabase({url: databaseUrl, ...(onWarning === undefined ? {} : {onWarning})});
  return new PostgresJournal({...options, database});
}
