/** Picks the journal's adapter from `DATABASE_URL`. */
import {fileURLToPath} from 'node:url';
import type {Clock} from '../clock.ts';
import type {Journal} from './journal.ts';
import {SqliteJournal} from './sqlite/sqlite-journal.ts';

export interface OpenJournalOptions {
  readonly clock?: Clock;
  /** Told of faults that no caller is there to hear of: a worker that ended, a checkpoint that failed. */
  readonly onFault?: (fault: Error) => void;
}

/**
 * The journal that `databaseUrl` names; nothing is opened yet.
 * @throws Error — the URL names no kind of journal there is
 */
export function openJournal(databaseUrl: string, options: OpenJournalOptions = {}): Journal {
  return new SqliteJournal({...options, file: databaseFile(databaseUrl)});
}

/**
 * The path in a `file:` URL: `file:./data/hookswitch.db` (relative to the working directory), `file:/var/lib/h.db` or
 * `file:///var/lib/h.db`.
 * @throws Error — the URL names no kind of journal there is
 */
export function databaseFile(databaseUrl: string): string {
  if (!databaseUrl.startsWith('file:')) {
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(databaseUrl)?.[0] ?? 'a URL without a scheme';
    throw new Error(
      `DATABASE_URL: ${scheme} is not supported; use file:<path>, as in file:./data/hookswitch.db`,
    );
  }
  if (databaseUrl.startsWith('file://')) return fileURLToPath(databaseUrl);
  const path = databaseUrl.slice('file:'.length);
  if (path === '') throw new Error('DATABASE_URL: file: needs a path, as in file:./data/hookswitch.db');
  return path;
}
