/** Checks what must hold in every history. */
import {hasEnded} from '@hookswitch/protocol';
import {checkJournalFile, type FileEntry, isPushed, type JournalFile} from '../crash/crash-journal-file.ts';
import {positionOf, type SimulatedConnection} from './client.ts';
import {checkConnection} from './connection-check.ts';
import type {Plan} from './plan.ts';
import {must, Violation} from './trace.ts';
import {checkTransitions} from './transitions.ts';
import type {WebhookOutcomes} from './twilio.ts';

/** Tolerance for timestamps in whole milliseconds of a wall clock that may be adjusted. */
const CLOCK_GRAIN_MS = 5;

/** [J2] [J7] [H5] The journal has every acknowledged webhook once, and only entries that Twilio sent or returned. */
export function checkAgainstTwilio(
  journal: JournalFile,
  {plan, outcomes, returned}: {plan: Plan; outcomes: WebhookOutcomes; returned: ReadonlySet<string>},
): void {
  try {
    checkJournalFile(journal);
    checkTransitions(journal);
  } catch (error) {
    throw new Violation('journal', error instanceof Error ? error.message : String(error));
  }
  const seen = new Set<string>();
  for (const entry of journal.entries) {
    const {callSid, event, offset} = entry;
    if (event.source === 'callback') {
      const key = keyOf(entry);
      must(!seen.has(key), callSid, `[J2] ${key} has two entries, the second at ${offset}`);
      must(outcomes.sent.has(key), callSid, `entry ${offset} (${key}) was never sent`);
      seen.add(key);
    } else {
      const claim = `${callSid}:${event.providerStatus}`;
      must(returned.has(claim), callSid, `Twilio never returned ${claim}, which is entry ${offset}`);
    }
  }
  for (const key of outcomes.answered) {
    must(seen.has(key), key.split('/')[0] ?? '', `[J7] ${key} got a 2xx but is not in the journal`);
  }
  checkEnds(journal, plan);
}

/** [J4] Every call has the status that Twilio reports. The first end counts. */
function checkEnds({entries, calls}: JournalFile, plan: Plan): void {
  const known = new Set(plan.calls.map(({callSid}) => callSid));
  for (const callSid of calls.keys()) must(known.has(callSid), callSid, 'a call that does not exist');
  for (const {callSid, ends, duration} of plan.calls) {
    const status = calls.get(callSid);
    // No webhook of this call arrived.
    if (status === undefined) continue;
    must(ends.has(status), callSid, `[J4] is ${status}, but ended as ${[...ends].join(' or ')}`);
    const ended = entries.filter(
      (entry) => entry.callSid === callSid && hasEnded(entry.event.providerStatus),
    );
    const [first] = ended;
    must(first?.event.providerStatus === status, callSid, `[J4] is ${status}, not its first end`);
    if (status === 'completed')
      must(first.call?.duration === duration, callSid, `duration is not ${duration}`);
  }
}

/** The webhook's key, from its entry. */
function keyOf({callSid, parameters}: FileEntry): string {
  return `${callSid}/${parameters?.['SequenceNumber'] ?? 'voice'}`;
}

/** [W11] [W12] [W15] Every connection of a client received the journal in order, once and without gaps. */
export function checkClient(
  name: string,
  history: readonly SimulatedConnection[],
  {epoch, entries}: JournalFile,
): void {
  for (const [index, record] of history.entries()) {
    const common = {name: `${name}, connection ${index + 1} (${record.node})`, subject: name};
    // Nothing is trimmed and the epoch stays, so every resume must be recovered. The exception is a connection to a
    // node that cannot ask its database for newer entries.
    const mustRecover = record.resume !== undefined && !record.databaseWasAway;
    const [ready] = record.messages;
    const recovered = mustRecover || (ready?.type === 'session.ready' && ready.recovered);
    checkConnection(record, {...common, epoch, entries, recovered});
    checkDraining(record, common);
  }
}

/** [W15] A draining session is not closed before the announced time. */
function checkDraining(
  {messages, client, closedAt}: SimulatedConnection,
  {name, subject}: {readonly name: string; readonly subject: string},
): void {
  const draining = messages.find((message) => message.type === 'session.draining');
  if (draining?.type !== 'session.draining' || client.closeCode !== 1001 || closedAt === undefined) return;
  const stayedMs = closedAt - Date.parse(draining.timestamp);
  must(
    stayedMs >= draining.afterMs - CLOCK_GRAIN_MS,
    subject,
    `[W15] ${name}: ${draining.afterMs} ms were announced, but it was closed after ${stayedMs}`,
  );
}

/** [W12] The client has received every entry. */
export function checkComplete(
  name: string,
  history: readonly SimulatedConnection[],
  journal: JournalFile,
): void {
  const last = history.at(-1);
  const offset = last === undefined ? undefined : positionOf(last)?.offset;
  const end = lastPushed(journal);
  must(offset !== undefined && offset >= end, name, `has reached ${offset} of ${end}`);
}

export function lastPushed({entries}: JournalFile): number {
  return entries.findLast(isPushed)?.offset ?? 0;
}
