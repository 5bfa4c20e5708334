/** What must be true of a history, whatever happened on the way. */
import {
  failureReason,
  hasEnded,
  type ProviderStatus,
  type ServerMessage,
  toCallStatus,
} from '@hookswitch/protocol';
import {checkJournalFile, type FileEntry, isPushed, type JournalFile} from './crash-journal-file.ts';
import {type ConnectionRecord, positionOf} from './simulation-client.ts';
import type {Plan} from './simulation-plan.ts';
import {must, Violation} from './simulation-trace.ts';
import type {WebhookOutcomes} from './simulation-twilio.ts';

/** [J2] [J7] [H5] The journal holds what was answered, once, and nothing that nobody said. */
export function checkAgainstTwilio(
  journal: JournalFile,
  {plan, outcomes, said}: {plan: Plan; outcomes: WebhookOutcomes; said: ReadonlySet<string>},
): void {
  try {
    checkJournalFile(journal);
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

/** [W11] [W12] Every connection of a client told it the journal: in order, once, with nothing left out. */
export function checkClient(name: string, history: readonly ConnectionRecord[], journal: JournalFile): void {
  for (const [index, record] of history.entries())
    new ConnectionCheck(`${name}`, index, record, journal).run();
}

/** [W12] The client has been told of everything there is. */
export function checkComplete(
  name: string,
  history: readonly ConnectionRecord[],
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

class ConnectionCheck {
  readonly #name: string;
  readonly #where: string;
  readonly #record: ConnectionRecord;
  readonly #journal: JournalFile;
  /** Everything up to here has been accounted for. */
  #offset = 0;
  /**
   * Which subscription the server may be going by: 0 is the default, n the n-th that was sent. When it changed can be
   * seen only by the snapshot that answers it, so for a while there may be several.
   */
  #audiences: ReadonlySet<number> = new Set([0]);

  constructor(name: string, index: number, record: ConnectionRecord, journal: JournalFile) {
    this.#name = name;
    this.#where = `connection ${index + 1}`;
    this.#record = record;
    this.#journal = journal;
  }

  run(): void {
    const {messages, resume} = this.#record;
    const [ready, second] = messages;
    this.#must(ready?.type === 'session.ready', '[W2] does not begin with session.ready');
    this.#must(ready.epoch === this.#journal.epoch, `[W11] epoch is ${ready.epoch}`);
    // Nothing is ever trimmed here, and the history is one: whoever knows where it was can go on.
    this.#must(ready.recovered === (resume !== undefined), `[W11] recovered is ${ready.recovered}`);
    if (resume !== undefined) this.#must(ready.offset === resume.offset, `[W11] goes on at ${ready.offset}`);
    else if (second !== undefined) this.#must(second.type === 'call.snapshot', '[W3] has no snapshot');
    this.#offset = ready.offset;
    for (const message of messages.slice(1)) this.#check(message);
  }

  #check(message: ServerMessage): void {
    switch (message.type) {
      case 'session.ready':
      case 'session.expiring':
      case 'call.action.accepted':
      case 'error':
        throw new Violation(this.#name, `${this.#where}: an unexpected ${message.type}`);
      case 'call.status': {
        this.#must(message.offset > this.#offset, `[W12] ${message.offset} comes after ${this.#offset}`);
        this.#pass(message.offset - 1);
        const entry = this.#journal.entries[message.offset - 1];
        this.#must(entry !== undefined && isPushed(entry), `${message.offset} is nothing to be pushed`);
        this.#explain(entry, true);
        this.#compare(message, entry);
        this.#offset = message.offset;
        return;
      }
      case 'call.snapshot': {
        this.#must(message.offset >= this.#offset, `a snapshot of ${message.offset} at ${this.#offset}`);
        this.#pass(message.offset);
        if (message.requestId !== undefined) this.#answered(Number(message.requestId) + 1);
        const shown = message.calls.map((call) => `${call.callSid} ${call.providerStatus} ${call.offset}`);
        const [audience = 0] = this.#audiences;
        const expected = this.#callsAt(message.offset, audience);
        this.#must(
          shown.sort().join() === expected.sort().join(),
          `[W3] the snapshot at ${message.offset} shows\n  ${shown.join('\n  ')}\nand not\n  ${expected.join('\n  ')}`,
        );
        return;
      }
      case 'session.heartbeat':
        this.#must(message.offset >= this.#offset, `[W6] a heartbeat goes back to ${message.offset}`);
        this.#pass(message.offset);
        return;
    }
  }

  /** Up to `offset` nothing was told: none of it may be what this session asked for. */
  #pass(offset: number): void {
    for (const entry of this.#journal.entries.slice(this.#offset, offset)) {
      if (isPushed(entry)) this.#explain(entry, false);
    }
    this.#offset = Math.max(this.#offset, offset);
  }

  #explain(entry: FileEntry, told: boolean): void {
    const sent = this.#record.subscriptions.length;
    const first = Math.min(...this.#audiences);
    const possible = new Set<number>();
    for (let audience = first; audience <= sent; audience += 1) {
      if (this.#sees(audience, entry.callSid) === told) possible.add(audience);
    }
    const what = `${entry.offset} (${entry.callSid} ${entry.event.providerStatus})`;
    this.#must(possible.size > 0, told ? `${what} was not asked for` : `[W12] ${what} was left out`);
    this.#audiences = possible;
  }

  #answered(audience: number): void {
    this.#must(
      Math.min(...this.#audiences) <= audience,
      `the answer to subscription ${audience} is out of turn`,
    );
    this.#audiences = new Set([audience]);
  }

  #sees(audience: number, callSid: string): boolean {
    const asked = audience === 0 ? 'all' : this.#record.subscriptions[audience - 1];
    return asked === 'all' || (asked?.includes(callSid) ?? false);
  }

  #callsAt(offset: number, audience: number): string[] {
    const calls = new Map<string, string>();
    for (const entry of this.#journal.entries.slice(0, offset)) {
      if (!isPushed(entry) || !this.#sees(audience, entry.callSid)) continue;
      const {providerStatus} = entry.event;
      if (hasEnded(providerStatus)) calls.delete(entry.callSid);
      else calls.set(entry.callSid, `${entry.callSid} ${providerStatus} ${entry.offset}`);
    }
    return [...calls.values()];
  }

  #compare(message: Extract<ServerMessage, {type: 'call.status'}>, {event, callSid, call}: FileEntry): void {
    const status: ProviderStatus = event.providerStatus;
    const same =
      message.callSid === callSid &&
      message.providerStatus === status &&
      message.status === toCallStatus(status) &&
      message.reason === failureReason(status) &&
      message.source === event.source &&
      message.from === event.from &&
      message.to === event.to &&
      message.duration === call?.duration;
    this.#must(same, `${message.offset} says something else than the journal: ${JSON.stringify(message)}`);
  }

  #must(holds: boolean, message: string): asserts holds {
    must(holds, this.#name, () => `${this.#where}: ${message}`);
  }
}
