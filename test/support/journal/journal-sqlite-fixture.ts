/** SQLite journals in folders of their own. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {TestContext} from 'node:test';
import {SqliteJournal, type SqliteJournalOptions} from '../../../src/journal/sqlite/sqlite-journal.ts';
import type {JournalFixture} from './journal-contract.ts';

/** A fresh folder under the system's temporary one. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'hookswitch-journal-'));
}

/** A fresh folder that goes with the test, and the database's path in it. */
export function temporaryDatabase(t: TestContext): {readonly folder: string; readonly file: string} {
  const folder = temporaryFolder();
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  return {folder, file: join(folder, 'hookswitch.db')};
}

/** An opened journal on fresh storage. */
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
    // Nobody else is there to hold one.
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
