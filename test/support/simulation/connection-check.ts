/** One connection's messages against the journal: what it was told is exactly what it should have been told. */
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
  /** Whose trace tells how it came to be. */
  readonly subject: string;
  readonly epoch: string;
  /** Offset of the entry before the first of `entries`. @default 0 */
  readonly base?: number;
  /** Without gaps. */
  readonly entries: readonly FileEntry[];
  /** What W11 says: whether the session must have been able to go on. */
  readonly recovered: boolean;
  /** Everything up to here must have been told in the end. */
  readonly complete?: number;
  /** Whether the principal may see an entry. @default all of them */
  readonly maySee?: (entry: FileEntry) => boolean;
}

/** [W2] [W3] [W6] [W11] [W12] One connection against the journal. @throws Violation */
export function checkConnection(record: ConnectionRecord, options: ConnectionCheckOptions): void {
  new ConnectionCheck(record, options).run();
}

class ConnectionCheck {
  readonly #record: ConnectionRecord;
  readonly #options: ConnectionCheckOptions;
  /** Everything up to here has been accounted for. */
  #offset = 0;
  /**
   * Which subscription the server may be going by: 0 is the default, n the n-th that was sent. When it changed can be
   * seen only by the snapshot that answers it, so for a while there may be several.
   */
  #audiences: ReadonlySet<number> = new Set([0]);

  constructor(record: ConnectionRecord, options: ConnectionCheckOptions) {
    this.#record = record;
    this.#options = options;
  }

  run(): void {
    const {messages, resume} = this.#record;
    const {epoch, recovered, complete} = this.#options;
    const [ready, second] = messages;
    this.#must(ready?.type === 'session.ready', '[W2] does not begin with session.ready');
    this.#must(ready.epoch === epoch, `[W11] epoch is ${ready.epoch}`);
    this.#must(ready.recovered === recovered, `[W11] recovered is ${ready.recovered}`);
    if (recovered) this.#must(ready.offset === resume?.offset, `[W11] goes on at ${ready.offset}`);
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
        // Of where to go, nothing of what happened.
        return;
      case 'call.status': {
        this.#must(message.offset > this.#offset, `[W12] ${message.offset} comes after ${this.#offset}`);
        this.#pass(message.offset - 1);
        const [entry] = this.#entries(message.offset - 1, message.offset);
        this.#must(entry !== undefined && isPushed(entry), `${message.offset} is nothing to be pushed`);
        this.#explain(entry, true);
        this.#compare(message, entry);
        this.#offset = message.offset;
        return;
      }
      case 'call.snapshot': {
        this.#must(message.offset >= this.#offset, `a snapshot of ${message.offset} at ${this.#offset}`);
        this.#pass(message.offset);
        // Asked twice before the first answer: that one may already go by the second.
        this.#narrow(Number(message.requestId ?? -1) + 1, message);
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
    for (const entry of this.#entries(this.#offset, offset)) {
      if (isPushed(entry)) this.#explain(entry, false);
    }
    this.#offset = Math.max(this.#offset, offset);
  }

  #explain(entry: FileEntry, told: boolean): void {
    const sent = this.#record.subscriptions.length;
    const first = Math.min(...this.#audiences);
    const possible = new Set<number>();
    for (let audience = first; audience <= sent; audience += 1) {
      if (this.#sees(audience, entry) === told) possible.add(audience);
    }
    const what = `${entry.offset} (${entry.callSid} ${entry.event.providerStatus})`;
    this.#must(possible.size > 0, told ? `${what} was not asked for` : `[W12] ${what} was left out`);
    this.#audiences = possible;
  }

  /** Keeps the subscriptions, from `first` on, under which a snapshot is what it is. */
  #narrow(first: number, {offset, calls}: Extract<ServerMessage, {type: 'call.snapshot'}>): void {
    const shown = calls.map((call) => `${call.callSid} ${call.providerStatus} ${call.offset}`).sort();
    const possible = new Set<number>();
    const earliest = Math.max(first, Math.min(...this.#audiences));
    for (let audience = earliest; audience <= this.#record.subscriptions.length; audience += 1) {
      if (this.#callsAt(offset, audience).join() === shown.join()) possible.add(audience);
    }
    this.#must(
      possible.size > 0,
      () =>
        `[W3] the snapshot at ${offset} shows\n  ${shown.join('\n  ')}\nand not\n  ` +
        `${this.#callsAt(offset, earliest).join('\n  ')}`,
    );
    this.#audiences = possible;
  }

  #sees(audience: number, entry: FileEntry): boolean {
    if (this.#options.maySee?.(entry) === false) return false;
    const asked = audience === 0 ? 'all' : this.#record.subscriptions[audience - 1];
    return asked === 'all' || (asked?.includes(entry.callSid) ?? false);
  }

  /** Entries after `after`, up to `upTo`. */
  #entries(after: number, upTo: number): readonly FileEntry[] {
    const {base = 0, entries} = this.#options;
    return entries.slice(Math.max(0, after - base), Math.max(0, upTo - base));
  }

  #callsAt(offset: number, audience: number): string[] {
    const calls = new Map<string, string>();
    for (const entry of this.#entries(this.#options.base ?? 0, offset)) {
      if (!isPushed(entry) || !this.#sees(audience, entry)) continue;
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
    this.#must(same, `${message.offset} says something else than the journal: ${JSON.stringify(message)}`);
  }

  #must(holds: boolean, message: string | (() => string)): asserts holds {
    const {subject, name} = this.#options;
    must(holds, subject, () => `${name}: ${typeof message === 'string' ? message : message()}`);
  }
}
