/** Picks the journal's adapter from `DATABASE_URL`. */
import {fileURLToPath} from 'node:url';
import type {Clock} from '../clock.ts';
import {PostgresDatabase} from '../postgres/postgres-database.ts';
import {isPostgresUrl} from '../postgres/postgres-url.ts';
import type {Journal} from './journal.ts';
import {PostgresJournal} from './postgres/postgres-journal.ts';
import {SqliteJournal} from './sqlite/sqlite-journal.ts';

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

/**
 * The path in a `file:` URL: `file:./data/hookswitch.db` (relative to the working directory), `file:/var/lib/h.db` or
 * `file:///var/lib/h.db`.
 * @throws Error — the URL names no file
 */
export function databaseFile(databaseUrl: string): string {
  if (!databaseUrl.startsWith('file:')) {
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(databaseUrl)?.[0] ?? 'a URL without a scheme';
    throw new Error(
      `DATABASE_URL: ${scheme} is not supported; use file:<path>, as in file:./data/hookswitch.db, or postgres://`,
    );
  }
  if (databaseUrl.startsWith('file://')) return fileURLToPath(databaseUrl);
  const path = databaseUrl.slice('file:'.length);
  if (path === '') throw new Error('DATABASE_URL: file: needs a path, as in file:./data/hookswitch.db');
  return path;
}
