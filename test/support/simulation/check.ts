/** What must be true of a history, whatever happened on the way. */
import {hasEnded} from '@hookswitch/protocol';
import {checkJournalFile, type FileEntry, isPushed, type JournalFile} from '../crash/crash-journal-file.ts';
import {positionOf, type SimulatedConnection} from './client.ts';
import {checkConnection} from './connection-check.ts';
import type {Plan} from './plan.ts';
import {must, Violation} from './trace.ts';
import {checkTransitions} from './transitions.ts';
import type {WebhookOutcomes} from './twilio.ts';

/** Both moments are whole milliseconds, of a wall clock that may be put right meanwhile. */
const CLOCK_GRAIN_MS = 5;

/** [J2] [J7] [H5] The journal holds what was answered, once, and nothing that nobody said. */
export function checkAgainstTwilio(
  journal: JournalFile,
  {plan, outcomes, said}: {plan: Plan; outcomes: WebhookOutcomes; said: ReadonlySet<string>},
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
      must(!seen.has(key), callSid, `[J2] ${key} is in the journal twice, again at ${offset}`);
      must(outcomes.sent.has(key), callSid, `${key} at ${offset} was never sent`);
      seen.add(key);
    } else {
      const claim = `${callSid}:${event.providerStatus}`;
      must(said.has(claim), callSid, `Twilio never said ${claim}, and it is at ${offset}`);
    }
  }
  for (const key of outcomes.answered) {
    must(seen.has(key), key.split('/')[0] ?? '', `[J7] ${key} was answered 2xx and is not in the journal`);
  }
  checkEnds(journal, plan);
}

/** [J4] Every call is where Twilio says it is; the end that came first is the end. */
function checkEnds({entries, calls}: JournalFile, plan: Plan): void {
  const known = new Set(plan.calls.map(({callSid}) => callSid));
  for (const callSid of calls.keys()) must(known.has(callSid), callSid, 'a call that never was');
  for (const {callSid, ends, duration} of plan.calls) {
    const status = calls.get(callSid);
    // Nothing of it ever arrived.
    if (status === undefined) continue;
    must(ends.has(status), callSid, `[J4] is ${status} and ended ${[...ends].join(' or ')}`);
    const ended = entries.filter(
      (entry) => entry.callSid === callSid && hasEnded(entry.event.providerStatus),
    );
    const [first] = ended;
    must(first?.event.providerStatus === status, callSid, `[J4] is ${status}, not its first end`);
    if (status === 'completed')
      must(first.call?.duration === duration, callSid, `duration is not ${duration}`);
  }
}

/** What is known of a webhook from its entry. */
function keyOf({callSid, parameters}: FileEntry): string {
  return `${callSid}/${parameters?.['SequenceNumber'] ?? 'voice'}`;
}

/** [W11] [W12] [W15] Every connection of a client told it the journal: in order, once, with nothing left out. */
export function checkClient(
  name: string,
  history: readonly SimulatedConnection[],
  {epoch, entries}: JournalFile,
): void {
  for (const [index, record] of history.entries()) {
    const common = {name: `${name}, connection ${index + 1} (${record.node})`, subject: name};
    // Nothing is ever trimmed here, and the history is one: whoever knows where it was can go on. But for a node that cannot
    // ask its database whether there is more than it knows.
    const mustRecover = record.resume !== undefined && !record.whileAway;
    const [ready] = record.messages;
    const recovered = mustRecover || (ready?.type === 'session.ready' && ready.recovered);
    checkConnection(record, {...common, epoch, entries, recovered});
    checkDraining(record, common);
  }
}

/** [W15] Whoever was told how long it may stay was not sent away before. */
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
    `[W15] ${name}: was told ${draining.afterMs} ms, and sent away after ${stayedMs}`,
  );
}

/** [W12] The client has been told of everything there is. */
export function checkComplete(
  name: string,
  history: readonly SimulatedConnection[],
  journal: JournalFile,
): void {
  const last = history.at(-1);
  const offset = last === undefined ? undefined : positionOf(last)?.offset;
  const end = lastPushed(journal);
  must(offset !== undefined && offset >= end, name, `was told up to ${offset}, and there is ${end}`);
}

export function lastPushed({entries}: JournalFile): number {
  return entries.findLast(isPushed)?.offset ?? 0;
}
