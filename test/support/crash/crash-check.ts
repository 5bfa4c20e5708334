/** Checks the journal after the process was killed. */
import assert from 'node:assert/strict';
import type {TestClient} from '../websocket/client.ts';
import type {CrashGateway} from './crash-gateway.ts';
import {checkJournalFile, isPushed, type JournalFile, readJournalFile} from './crash-journal-file.ts';

/** [J2] [J7] Checks that every acknowledged webhook is in the journal once. Returns the journal. */
export function checkAnswered(gateway: CrashGateway, answered: ReadonlySet<string>): JournalFile {
  const journal = readJournalFile(gateway.databaseFile);
  checkJournalFile(journal);
  const keys = keysOf(journal);
  assert.equal(new Set(keys).size, keys.length, '[J2] a webhook has two entries');
  const missing = [...answered.difference(new Set(keys))];
  assert.deepEqual(missing, [], '[J7] acknowledged, but not in the journal');
  return journal;
}

/** Keys of the webhooks in the journal. */
export function keysOf({entries}: JournalFile): string[] {
  return entries.map(({callSid, event}) => `${callSid}/${event.sequence ?? 'voice'}`);
}

/** [W11] [W12] Checks that a resumed connection received exactly the entries after its start position. */
export function checkResumed(client: TestClient, from: number, {entries}: JournalFile): void {
  const received = client.of('call.status').map(({offset}) => offset);
  const last = received.at(-1) ?? from;
  const expected = entries.filter((entry) => isPushed(entry) && entry.offset > from && entry.offset <= last);
  assert.deepEqual(
    received,
    expected.map(({offset}) => offset),
  );
}
