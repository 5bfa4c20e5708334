/** Compares the messages of a connection with the journal. */
import {
  failureReason,
  hasEnded,
  type ProviderStatus,
  type ServerMessage,
  toCallStatus,
} from '@hookswitch/protocol';
import {type FileEntry, isPushed} from '../crash/crash-journal-file.ts';
import type {ConnectionRecord} from './client.ts';
import {must} from './trace.ts';

export interface ConnectionCheckOptions {
  readonly name: string;
  /** Subject of the trace that explains a violation. */
  readonly subject: string;
  readonly epoch: string;
  /** Offset of the entry before the first of `entries`. @default 0 */
  readonly base?: number;
  /** Without gaps. */
  readonly entries: readonly FileEntry[];
  /** Whether the session must be recovered (W11). */
  readonly recovered: boolean;
  /** Offset up to which everything must have been received in the end. */
  readonly complete?: number;
  /** Whether the principal may see an entry. @default every entry */
  readonly maySee?: (entry: FileEntry) => boolean;
}

/** [W2] [W3] [W6] [W11] [W12] Checks one connection. @throws Violation */
export function checkConnection(record: ConnectionRecord, options: ConnectionCheckOptions): void {
  new ConnectionCheck(record, options).run();
}

class ConnectionCheck {
  readonly #record: ConnectionRecord;
  readonly #options: ConnectionCheckOptions;
  /** Everything up to here was checked. */
  #offset = 0;
  /**
   * Subscriptions that may be in effect: 0 is the default, n is the n-th that was sent. Several are possible until the
   * snapshot that answers a subscription arrives.
   */
  #possible: ReadonlySet<number> = new Set([0]);

  constructor(record: ConnectionRecord, options: ConnectionCheckOptions) {
    this.#record = record;
    this.#options = options;
  }

  run(): void {
    const {messages, resume} = this.#record;
    const {epoch, recovered, complete} = this.#options;
    const [ready, second] = messages;
    this.#must(ready?.type === 'session.ready', '[W2] does not start with session.ready');
    this.#must(ready.epoch === epoch, `[W11] epoch is ${ready.epoch}`);
    this.#must(ready.recovered === recovered, `[W11] recovered is ${ready.recovered}`);
    if (recovered) this.#must(ready.offset === resume?.offset, `[W11] resumes at ${ready.offset}`);
    else if (second !== undefined) this.#must(second.type === 'call.snapshot', '[W3] has no snapshot');
    this.#offset = ready.offset;
    for (const message of messages.slice(1)) this.#check(message);
    if (complete !== undefined) this.#pass(complete);
  }

  #check(message: ServerMessage): void {
    switch (message.type) {
      case 'session.ready':
      case 'session.expiring':
      case 'call.action.accepted':
      case 'error':
        this.#must(false, `an unexpected ${message.type}`);
        return;
      case 'session.draining':
        // Contains no event.
        return;
      case 'call.status': {
        this.#must(message.offset > this.#offset, `[W12] ${message.offset} arrived after ${this.#offset}`);
        this.#pass(message.offset - 1);
        const [entry] = this.#entries(message.offset - 1, message.offset);
        this.#must(entry !== undefined && isPushed(entry), `${message.offset} must not be delivered`);
        this.#explain(entry, true);
        this.#compare(message, entry);
        this.#offset = message.offset;
        return;
      }
      case 'call.snapshot': {
        this.#must(message.offset >= this.#offset, `a snapshot of ${message.offset} after ${this.#offset}`);
        this.#pass(message.offset);
        // A snapshot may already use a later subscription than the one it answers.
        this.#narrow(Number(message.requestId ?? -1) + 1, message);
        return;
      }
      case 'session.heartbeat':
        this.#must(message.offset >= this.#offset, `[W6] a heartbeat goes back to ${message.offset}`);
        this.#pass(message.offset);
        return;
    }
  }

  /** Nothing was received up to `offset`, so no entry up to there may match the subscription. */
  #pass(offset: number): void {
    for (const entry of this.#entries(this.#offset, offset)) {
      if (isPushed(entry)) this.#explain(entry, false);
    }
    this.#offset = Math.max(this.#offset, offset);
  }

  #explain(entry: FileEntry, told: boolean): void {
    const sent = this.#record.subscriptions.length;
    const first = Math.min(...this.#possible);
    const possible = new Set<number>();
    for (let subscription = first; subscription <= sent; subscription += 1) {
      if (this.#sees(subscription, entry) === told) possible.add(subscription);
    }
    const what = `${entry.offset} (${entry.callSid} ${entry.event.providerStatus})`;
    this.#must(possible.size > 0, told ? `${what} was not subscribed` : `[W12] ${what} was left out`);
    this.#possible = possible;
  }

  /** Keeps the subscriptions, from `first` on, that explain the snapshot. */
  #narrow(first: number, {offset, calls}: Extract<ServerMessage, {type: 'call.snapshot'}>): void {
    const shown = calls.map((call) => `${call.callSid} ${call.providerStatus} ${call.offset}`).sort();
    const possible = new Set<number>();
    const earliest = Math.max(first, Math.min(...this.#possible));
    for (let subscription = earliest; subscription <= this.#record.subscriptions.length; subscription += 1) {
      if (this.#callsAt(offset, subscription).join() === shown.join()) possible.add(subscription);
    }
    this.#must(
      possible.size > 0,
      () =>
        `[W3] the snapshot at ${offset} has\n  ${shown.join('\n  ')}\ninstead of\n  ` +
        `${this.#callsAt(offset, earliest).join('\n  ')}`,
    );
    this.#possible = possible;
  }

  #sees(subscription: number, entry: FileEntry): boolean {
    if (this.#options.maySee?.(entry) === false) return false;
    const asked = subscription === 0 ? 'all' : this.#record.subscriptions[subscription - 1];
    return asked === 'all' || (asked?.includes(entry.callSid) ?? false);
  }

  /** Entries after `after`, up to `upTo`. */
  #entries(after: number, upTo: number): readonly FileEntry[] {
    const {base = 0, entries} = this.#options;
    return entries.slice(Math.max(0, after - base), Math.max(0, upTo - base));
  }

  #callsAt(offset: number, subscription: number): string[] {
    const calls = new Map<string, string>();
    for (const entry of this.#entries(this.#options.base ?? 0, offset)) {
      if (!isPushed(entry) || !this.#sees(subscription, entry)) continue;
      const {providerStatus} = entry.event;
      if (hasEnded(providerStatus)) calls.delete(entry.callSid);
      else calls.set(entry.callSid, `${entry.callSid} ${providerStatus} ${entry.offset}`);
    }
    return [...calls.values()].sort();
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
    this.#must(same, `${message.offset} differs from the journal: ${JSON.stringify(message)}`);
  }

  #must(holds: boolean, message: string | (() => string)): asserts holds {
    const {subject, name} = this.#options;
    must(holds, subject, () => `${name}: ${typeof message === 'string' ? message : message()}`);
  }
}
