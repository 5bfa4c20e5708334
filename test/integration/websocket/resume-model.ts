/**
 * The messages that a client may receive, for any sequence of actions: the visible entries after its start,
 * each once and in order.
 *
 * Only the moment at which a subscription takes effect is open, within the limits that the responses give.
 */
import assert from 'node:assert/strict';
import type {ServerMessage} from '@hookswitch/protocol';
import type {Journal} from '../../../src/journal/journal.ts';
import type {Subscription} from '../../../src/services/feed/visibility.ts';

/** One connection of a client over any transport. */
export interface Link {
  readonly messages: readonly ServerMessage[];
  subscribe(calls: Subscription, requestId: string): void;
  /** Ends without a close frame. */
  drop(): Promise<void>;
  /** Stops and resumes reading. */
  stall(): void;
  flow(): void;
}

export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** A client that reconnects on demand at its last position. */
export class ModelClient {
  readonly #connect: (resume: Position | undefined) => Promise<Link>;
  #link: Link | undefined;
  #subscriptions: Subscription[] = ['all'];
  #resumedFrom: Position | undefined;
  #position: Position | undefined;

  constructor(connect: (resume: Position | undefined) => Promise<Link>) {
    this.#connect = connect;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  /** Resolves once the session has begun. Before that, a client has no position, and a drop tests nothing. */
  async connect(): Promise<void> {
    if (this.#link !== undefined) return;
    this.#subscriptions = ['all'];
    this.#resumedFrom = this.#position;
    this.#link = await this.#connect(this.#position);
  }

  subscribe(calls: Subscription): void {
    if (this.#link === undefined) return;
    this.#link.subscribe(calls, String(this.#subscriptions.length));
    this.#subscriptions.push(calls);
  }

  /** Drops the connection, and checks its messages. */
  async drop(journal: Journal): Promise<void> {
    const link = this.#link;
    if (link === undefined) return;
    await link.drop();
    this.#link = undefined;
    const {messages} = link;
    await checkConnection(messages, this.#subscriptions, this.#resumedFrom, journal);
    const epoch = messages.find((message) => message.type === 'session.ready')?.epoch;
    const offset = messages.findLast((message) => 'offset' in message)?.offset;
    // Before its snapshot, a client that was not recovered has no position to resume from.
    const begun = this.#resumedFrom !== undefined || messages.some(({type}) => type === 'call.snapshot');
    if (begun && epoch !== undefined && offset !== undefined) this.#position = {epoch, offset};
  }
}

async function checkConnection(
  messages: readonly ServerMessage[],
  subscriptions: readonly Subscription[],
  resumedFrom: Position | undefined,
  journal: Journal,
): Promise<void> {
  const [ready] = messages;
  if (ready === undefined) return;
  assert.ok(ready.type === 'session.ready', `[W2] ${ready.type} came first`);
  assert.equal(ready.recovered, resumedFrom !== undefined, '[W11] recovered');
  if (resumedFrom !== undefined) assert.equal(ready.offset, resumedFrom.offset, '[W11] resumed elsewhere');
  assert.deepEqual(
    messages.filter(({type}) => type === 'error'),
    [],
  );
  const end = messages.findLast((message) => 'offset' in message)?.offset ?? ready.offset;
  const journaled = await pushed(journal, ready.offset, end);
  // Walks through messages and journal together. `active` is the first subscription that explains everything
  // so far. Choosing the earliest possible one never rules out a later one.
  let active = 0;
  let at = 0;
  const skipTo = (offset: number) => {
    for (; (journaled[at]?.offset ?? offset) < offset; at += 1) {
      const missed = journaled[at]?.callSid ?? '';
      while (active < subscriptions.length && includes(subscriptions[active], missed)) active += 1;
      assert.ok(active < subscriptions.length, `[W12] entry ${journaled[at]?.offset} was missed`);
    }
  };
  for (const message of messages) {
    if (message.type === 'call.status') {
      skipTo(message.offset);
      assert.equal(
        journaled[at]?.offset,
        message.offset,
        '[W12] an entry was repeated, late, or never appended',
      );
      while (active < subscriptions.length && !includes(subscriptions[active], message.callSid)) active += 1;
      assert.ok(active < subscriptions.length, `[W8] entry ${message.offset} was not subscribed to`);
      at += 1;
    } else if (message.type === 'call.snapshot' && message.requestId !== undefined) {
      skipTo(message.offset + 1);
      active = Math.max(active, Number(message.requestId));
    }
  }
  skipTo(end + 1);
}

function includes(subscription: Subscription | undefined, callSid: string): boolean {
  return subscription === 'all' || (subscription?.includes(callSid) ?? false);
}

async function pushed(journal: Journal, after: number, upTo: number) {
  const result: {offset: number; callSid: string}[] = [];
  for (let cursor = after; cursor < upTo; ) {
    const page = await journal.read(cursor, 500);
    if (page.kind === 'too-old') throw new Error('nothing is trimmed here');
    for (const {offset, verdict, event} of page.entries) {
      if (offset <= upTo && verdict === 'applied') result.push({offset, callSid: event.callSid});
      cursor = offset;
    }
    if (page.entries.length === 0) break;
  }
  return result;
}
