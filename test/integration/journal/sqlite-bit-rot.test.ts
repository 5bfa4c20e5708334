/** A text that has changed in a file with a sound structure (J1). */
import assert from 'node:assert/strict';
import {DatabaseSync} from 'node:sqlite';
import {type TestContext, test} from 'node:test';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {status} from '../../support/journal/journal-events.ts';
import {temporaryDatabase} from '../../support/journal/journal-sqlite-fixture.ts';

const intent = {
  reference: 'reference-1',
  user: 'ada',
  requestHash: 'hash',
  from: '+15005550006',
  to: '+15550100001',
  createdAt: 1,
};

/** A closed journal with some of every kind of row. */
async function writtenJournal(t: TestContext): Promise<string> {
  const {file} = temporaryDatabase(t);
  const journal = new SqliteJournal({file});
  await journal.open();
  await journal.openIntent(intent, 0);
  await journal.append({...status('CA1', 'ringing'), parameters: {From: '+15005550006'}});
  await journal.append(status('CA2', 'in-progress'));
  await journal.close();
  return file;
}

function change(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

const damages: readonly (readonly [string, string])[] = [
  [
    "an entry's event",
    `UPDATE entries SET event = replace(event, 'ringing', 'rinfing') WHERE call_offset = 1`,
  ],
  ["an entry's call", `UPDATE entries SET call = replace(call, 'CA1', 'CA7') WHERE call_offset = 1`],
  ["an entry's verdict", `UPDATE entries SET verdict = 'late' WHERE call_offset = 2`],
  ["an entry's owner", `UPDATE entries SET owner = 'eve' WHERE call_offset = 2`],
  ["a webhook's fields", `UPDATE entries SET parameters = replace(parameters, '+1500', '+1501')`],
  ['a call', `UPDATE calls SET record = replace(record, 'in-progress', 'in-prohress')`],
  ['an intent to dial', `UPDATE intents SET intent = replace(intent, '+1555', '+1556')`],
];

for (const [what, sql] of damages) {
  test(`[J1] ${what} that has changed on disk is found at start, and the error names the remedy`, async (t) => {
    const file = await writtenJournal(t);
    change(file, sql);
    const journal = new SqliteJournal({file});
    await assert.rejects(journal.open(), (error: unknown) => {
      assert.ok(error instanceof JournalUnavailableError);
      assert.match(error.message, /damaged.*differs from what was written.*Restore a backup/);
      return true;
    });
  });
}

test('[J1] [W11] an entry that was damaged while the journal is open is never delivered', async (t) => {
  const {file} = temporaryDatabase(t);
  const first = new SqliteJournal({file});
  await first.open();
  for (const callSid of ['CA1', 'CA2']) await first.append(status(callSid, 'ringing'));
  await first.close();
  const journal = new SqliteJournal({file});
  await journal.open();
  t.after(() => journal.close());
  // The row was intact when the journal was opened, and it is not in memory yet.
  change(file, `UPDATE entries SET owner = 'eve' WHERE "offset" = 1`);
  await assert.rejects(journal.read(0, 10), /could not do this/);
  await assert.rejects(journal.callHistory('CA1'), /could not do this/);
  const rest = await journal.read(1, 10);
  assert.equal(rest.kind === 'entries' && rest.entries.length, 1);
});

test('rows from before checksums existed are accepted as they are', async (t) => {
  const file = await writtenJournal(t);
  change(file, 'UPDATE entries SET checksum = NULL, parameters_checksum = NULL');
  change(file, 'UPDATE calls SET checksum = NULL');
  change(file, `UPDATE intents SET checksum = NULL`);
  const journal = new SqliteJournal({file});
  assert.equal((await journal.open()).head, 2);
  const page = await journal.read(0, 10);
  assert.equal(page.kind === 'entries' && page.entries.length, 2);
  await journal.close();
});
