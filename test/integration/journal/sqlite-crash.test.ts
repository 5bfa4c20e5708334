import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {CallRecord} from '../../../src/journal/call-event.ts';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {appendUntilKilled} from '../../support/journal/journal-process.ts';
import {temporaryDatabase} from '../../support/journal/journal-sqlite-fixture.ts';

/**
 * A killed process leaves the kernel's page cache behind. This test therefore proves the order of commit,
 * mark and acknowledgement, and the atomicity of a group. It cannot prove that fsync is called at all.
 */
test('[J7] [J1] kill -9 at any moment loses no acknowledged entry and leaves no partial one', async (t) => {
  const {file} = temporaryDatabase(t);
  const acknowledged = new Map<number, string>();
  let epoch: string | undefined;
  for (let round = 0; round < 5; round += 1) {
    const firstCall = round * 100_000;
    const child = await appendUntilKilled(file, {firstCall, acknowledgements: 200 + round * 777});
    epoch ??= child.epoch;
    assert.equal(child.epoch, epoch);
    for (const [offset, key] of child.acknowledged) acknowledged.set(offset, key);

    const journal = new SqliteJournal({file});
    const opening = await journal.open();
    assert.equal(opening.epoch, epoch);
    assert.equal(opening.lost, undefined);
    assert.ok(opening.head >= Math.max(...acknowledged.keys()));

    const page = await journal.read(0, 1_000_000);
    assert.equal(page.kind, 'entries');
    if (page.kind !== 'entries') return;
    const calls = new Map<string, CallRecord | undefined>();
    for (const [index, entry] of page.entries.entries()) {
      assert.equal(entry.offset, index + 1);
      assert.equal(entry.call?.offset, entry.offset);
      calls.set(entry.event.callSid, entry.call);
    }
    assert.equal(page.entries.length, opening.head);
    for (const [offset, key] of acknowledged) assert.equal(page.entries[offset - 1]?.event.dedupeKey, key);
    const {calls: listed} = await journal.listCalls({limit: 1_000_000});
    assert.equal(listed.length, calls.size);
    for (const call of listed) assert.deepEqual(call, calls.get(call.callSid));
    await journal.close();
  }
});
