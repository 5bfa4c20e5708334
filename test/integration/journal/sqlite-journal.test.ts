import assert from 'node:assert/strict';
import {DatabaseSync} from 'node:sqlite';
import {test} from 'node:test';
import {CREATE_TRIMMED_CALLS, TrimmedCalls} from '../../../src/journal/sqlite/writer/trimmed-calls.ts';
import {describeJournal} from '../../support/journal/journal-contract.ts';
import {describeTrimmedCalls} from '../../support/journal/journal-contract-trimmed.ts';
import {openSqliteFixture} from '../../support/journal/journal-sqlite-fixture.ts';

describeJournal('SqliteJournal', () => openSqliteFixture());
describeTrimmedCalls('SqliteJournal', () => openSqliteFixture());

test('[J8] the most recently forgotten calls are remembered, up to a limit', () => {
  const database = new DatabaseSync(':memory:');
  database.exec(CREATE_TRIMMED_CALLS);
  const forgotten = new TrimmedCalls(database, 1000);
  for (let from = 0; from < 5000; from += 50)
    forgotten.add(Array.from({length: 50}, (_, index) => `CA${from + index}`));
  // The same calls again, as after a restored backup: they count once.
  forgotten.add(['CA4999', 'CA4998']);
  const known = Array.from({length: 5000}, (_, index) => forgotten.has(`CA${index}`));
  assert.equal(known.lastIndexOf(false), 3999);
  assert.equal(known.slice(4000).every(Boolean), true);
  database.close();
});
