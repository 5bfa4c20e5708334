/** A journal as some days of use leave it. */

import type {StatusEvent} from '../../src/journal/call-event.ts';
import {SqliteJournal} from '../../src/journal/sqlite/sqlite-journal.ts';
import {ACCOUNT_SID, journalFile} from '../servers/servers.ts';

const statuses = ['initiated', 'ringing', 'in-progress', 'completed'] as const;

/** Appends waiting at the same time: below what the journal takes. */
const AT_ONCE = 5000;

/** Writes `entries` of ended calls into a new journal in `folder`. */
export async function seedJournal(folder: string, entries: number): Promise<void> {
  const journal = new SqliteJournal({file: journalFile(folder)});
  await journal.open();
  for (let start = 0; start < entries; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, entries - start);
    await Promise.all(Array.from({length: count}, (_, index) => journal.append(statusEvent(start + index))));
  }
  await journal.close();
}

function statusEvent(index: number): StatusEvent {
  const callSid = `CA${String(Math.floor(index / statuses.length)).padStart(32, '0')}`;
  const sequence = index % statuses.length;
  const providerStatus = statuses[sequence] ?? 'completed';
  const now = Date.now();
  return {
    kind: 'status',
    source: 'callback',
    callSid,
    dedupeKey: `${callSid}:${sequence}`,
    happenedAt: now,
    receivedAt: now,
    providerStatus,
    sequence,
    direction: 'outbound-api',
    from: '+16505055892',
    to: '+491703330161',
    parameters: {AccountSid: ACCOUNT_SID, CallSid: callSid, CallStatus: providerStatus},
  };
}
