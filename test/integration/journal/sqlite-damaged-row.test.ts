/** A row that another program has damaged: only requests that need it fail (J1). */
import assert from 'node:assert/strict';
import {DatabaseSync} from 'node:sqlite';
import {test} from 'node:test';
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

test('[J1] a row without valid JSON fails the requests that need it, and no others', {
  timeout: 20_000,
}, async (t) => {
  const {file} = temporaryDatabase(t);
  const faults: Error[] = [];
  const journal = new SqliteJournal({file, onFault: (fault) => faults.push(fault)});
  await journal.open();
  t.after(() => journal.close());
  for (const callSid of ['CA1', 'CA2']) await journal.append(status(callSid, 'ringing'));
  await journal.openIntent(intent, 0);
  const damage = (sql: string) => {
    const other = new DatabaseSync(file);
    other.exec(sql);
    other.close();
  };
  damage(`UPDATE calls SET record = '{"callSid":' WHERE call_sid = 'CA1'`);

  const [list, active, one, next] = await Promise.allSettled([
    journal.listCalls({limit: 10}),
    journal.activeCalls(),
    journal.findCall('CA1'),
    journal.findCall('CA2'),
  ]);
  for (const asked of [list, active, one]) {
    assert.equal(asked.status, 'rejected');
    // Retrying does not help, so the error is not "unavailable".
    assert.ok(!(asked.reason instanceof JournalUnavailableError));
    assert.match(String(asked.reason), /unreadable answer/);
  }
  assert.equal(next.status === 'fulfilled' && next.value?.callSid, 'CA2');

  // Another leg has lost its text. The writer remembers its own writes, but it has to read this row.
  damage(`INSERT INTO calls (first_offset, call_sid, parent_call_sid, updated_at, record)
    VALUES (-1, 'CA3', 'CA2', 0, '{"callSid":')`);
  const owned = {...status('CA2', 'in-progress'), reference: intent.reference};
  const [failed, entry] = await Promise.allSettled([
    journal.append(owned),
    journal.append(status('CA2', 'completed')),
  ]);
  assert.match(failed.status === 'rejected' ? String(failed.reason) : '', /could not do this/);
  assert.equal(entry.status === 'fulfilled' && entry.value.entry.offset, 3, 'no gap within the same group');
  damage(`DELETE FROM calls WHERE call_sid = 'CA3'`);
  assert.equal((await journal.callHistory('CA2'))?.entries.length, 2);
  assert.deepEqual(faults, [], 'no worker has ended');
});
