/** Writes a journal as it looks after some days of use. */
import {createHash} from 'node:crypto';
import type {StatusEvent} from '../../src/journal/call-event.ts';
import {SqliteJournal} from '../../src/journal/sqlite/sqlite-journal.ts';
import {ACCOUNT_SID, journalFile} from '../servers/servers.ts';

/** Concurrent appends, below the limit of the journal's queue. */
const AT_ONCE = 5000;

/** Writes ended calls number `from` to `to` (exclusive), one entry each, into the journal in `folder`. */
export async function seedCalls(folder: string, from: number, to: number): Promise<void> {
  const journal = new SqliteJournal({file: journalFile(folder)});
  await journal.open();
  for (let start = from; start < to; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, to - start);
    await Promise.all(Array.from({length: count}, (_, index) => journal.append(endedCall(start + index))));
  }
  await journal.close();
}

/** The calls are spread evenly over the last days, well within the retention period. */
const OLDEST_MS = 5 * 24 * 3600 * 1000;
const MOST_CALLS = 1_000_000;

const outcomes = ['completed', 'completed', 'busy', 'completed', 'no-answer', 'failed'] as const;

/** The phone number of call `index`; every call has a different number. */
export function numberOf(index: number): string {
  return `+4917${String((index * 7_919) % 100_000_000).padStart(8, '0')}`;
}

function endedCall(index: number): StatusEvent {
  // SIDs are random, so that their order differs from the order of the calls.
  const callSid = `CA${createHash('md5').update(String(index)).digest('hex')}`;
  const providerStatus = outcomes[index % outcomes.length] ?? 'completed';
  const at = Date.now() - OLDEST_MS + Math.floor((index / MOST_CALLS) * OLDEST_MS);
  return {
    kind: 'status',
    source: 'callback',
    callSid,
    dedupeKey: `${callSid}:3`,
    happenedAt: at,
    receivedAt: at,
    providerStatus,
    sequence: 3,
    direction: 'outbound-api',
    from: '+16505055892',
    to: numberOf(index),
    parameters: {AccountSid: ACCOUNT_SID, CallSid: callSid, CallStatus: providerStatus},
  };
}
