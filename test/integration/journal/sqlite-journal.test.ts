import assert from 'node:assert/strict';
import {DatabaseSync} from 'node:sqlite';
import {test} from 'node:test';
import {CREATE_FORGOTTEN_CALLS, ForgottenCalls} from '../../../src/journal/sqlite/writer/forgotten-calls.ts';
import {describeJournal} from '../../support/journal/journal-contract.ts';
import {describeTrimmedCalls} from '../../support/journal/journal-contract-trimmed.ts';
import {openSqliteFixture} from '../../support/journal/journal-sqlite-fixture.ts';

describeJournal('SqliteJournal', () => openSqliteFixture());
describeTrimmedCalls('SqliteJournal', () => openSqliteFixture());

test('[J8] of calls that were forgotten the last are remembered, and no more than there is room for', () => {
  const database = new DatabaseSync(':memory:');
  database.exec(CREATE_FORGOTTEN_CALLS);
  const forgotten = new ForgottenCalls(database, 1000);
  for (let from = 0; from < 5000; from += 50)
    forgotten.add(Array.from({length: 50}, (_, index) => `CA${from + index}`));
  // Again, as after a restored backup: it is one call.
  forgotten.add(['CA4999', 'CA4998']);
  const known = Array.from({length: 5000}, (_, index) => forgotten.has(`CA${index}`));
  assert.equal(known.lastIndexOf(false), 3999);
  assert.equal(known.slice(4000).every(Boolean), true);
  database.close();
});
