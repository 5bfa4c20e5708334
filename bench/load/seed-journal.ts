/** A journal as some days of use leave it. */
import {createHash} from 'node:crypto';
import type {StatusEvent} from '../../src/journal/call-event.ts';
import {SqliteJournal} from '../../src/journal/sqlite/sqlite-journal.ts';
import {ACCOUNT_SID, journalFile} from '../servers/servers.ts';

/** Appends waiting at the same time: below what the journal takes. */
const AT_ONCE = 5000;

/** Writes ended calls numbered `from` to `to` (exclusive), one entry each, into the journal of `folder`. */
export async function seedCalls(folder: string, from: number, to: number): Promise<void> {
  const journal = new SqliteJournal({file: journalFile(folder)});
  await journal.open();
  for (let start = from; start < to; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, to - start);
    await Promise.all(Array.from({length: count}, (_, index) => journal.append(endedCall(start + index))));
  }
  await journal.close();
}

/** The calls begin some days ago and come at an even pace, far from the end of what is kept. */
const OLDEST_MS = 5 * 24 * 3600 * 1000;
const MOST_CALLS = 1_000_000;

const outcomes = ['completed', 'completed', 'busy', 'completed', 'no-answer', 'failed'] as const;

/** The number that call `index` goes to: another one for each. */
export function numberOf(index: number): string {
  return `+4917${String((index * 7_919) % 100_000_000).padStart(8, '0')}`;
}

function endedCall(index: number): StatusEvent {
  // Sids are random: their order is not that of the calls.
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
