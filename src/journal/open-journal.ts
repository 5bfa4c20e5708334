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
  /** Told of faults that no caller is there to hear of: a worker that ended, a checkpoint that failed. */
  readonly onFault?: (fault: Error) => void;
  /** Told once, at the start, of what should not stay as it is. */
  readonly onWarning?: (warning: string) => void;
}

/**
 * The journal that `databaseUrl` names; nothing is opened yet.
 * @throws Error — the URL names no kind of journal there is
 */
export function openJournal(databaseUrl: string, options: OpenJournalOptions = {}): Journal {
  if (!isPostgresUrl(databaseUrl)) return new SqliteJournal({...options, file: databaseFile(databaseUrl)});
  const {onWarning} = options;
  const database = new PostgresDatabase({url: databaseUrl, ...(onWarning === undefined ? {} : {onWarning})});
  return new PostgresJournal({...options, database});
}
