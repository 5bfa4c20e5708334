/** SQLite journals in separate folders. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {TestContext} from 'node:test';
import {SqliteJournal, type SqliteJournalOptions} from '../../../src/journal/sqlite/sqlite-journal.ts';
import type {JournalFixture} from './journal-contract.ts';

/** Creates a temporary folder. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'hookswitch-journal-'));
}

/** Creates a folder that is removed with the test. Returns it with the path of a database file. */
export function temporaryDatabase(t: TestContext): {readonly folder: string; readonly file: string} {
  const folder = temporaryFolder();
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  return {folder, file: join(folder, 'hookswitch.db')};
}

/** Opens a journal on new storage. */
export function openSqliteFixture(options: Omit<SqliteJournalOptions, 'file'> = {}): Promise<JournalFixture> {
  const folder = temporaryFolder();
  return openIn(folder, {...options, file: join(folder, 'hookswitch.db')});
}

async function openIn(folder: string, options: SqliteJournalOptions): Promise<JournalFixture> {
  const journal = new SqliteJournal(options);
  const opening = await journal.open();
  return {
    journal,
    opening,
    // A single node needs no lease, so the token is fixed.
    fence: async () => ({name: 'reconciler', token: 0}),
    async reopen() {
      await journal.close();
      return openIn(folder, options);
    },
    async dispose() {
      await journal.close();
      rmSync(folder, {recursive: true, force: true});
    },
  };
}
