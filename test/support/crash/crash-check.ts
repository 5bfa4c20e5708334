/** What must be in the journal after the process was killed. */
import assert from 'node:assert/strict';
import type {TestClient} from '../websocket/client.ts';
import type {CrashGateway} from './crash-gateway.ts';
import {checkJournalFile, isPushed, type JournalFile, readJournalFile} from './crash-journal-file.ts';

/** [J2] [J7] Everything answered is there, once; returns what the file holds. */
export function checkAnswered(gateway: CrashGateway, answered: ReadonlySet<string>): JournalFile {
  const journal = readJournalFile(gateway.databaseFile);
  checkJournalFile(journal);
  const keys = keysOf(journal);
  assert.equal(new Set(keys).size, keys.length, '[J2] a webhook is in the journal twice');
  const missing = [...answered.difference(new Set(keys))];
  assert.deepEqual(missing, [], '[J7] answered, and not in the journal');
  return journal;
}

/** Names of the webhooks in the journal. */
export function keysOf({entries}: JournalFile): string[] {
  return entries.map(({callSid, event}) => `${callSid}/${event.sequence ?? 'voice'}`);
}

/** [W11] [W12] What a resumed connection was told is what the journal has after its start, up to its last message. */
export function checkResumed(client: TestClient, from: number, {entries}: JournalFile): void {
  const told = client.of('call.status').map(({offset}) => offset);
  const last = told.at(-1) ?? from;
  const expected = entries.filter((entry) => isPushed(entry) && entry.offset > from && entry.offset <= last);
  assert.deepEqual(
    told,
    expected.map(({offset}) => offset),
  );
}
