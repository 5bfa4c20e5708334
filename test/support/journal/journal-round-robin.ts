/**
 * Presents several nodes as one journal for the contract suite. Each burst of writes goes to the next node, and reads go
 * to another node than the last write. A write resolves once every node has the entry, because the contract expects
 * this of a single process.
 */

import type {AppendResult, FencedAppend} from '../../../src/journal/appendable-journal.ts';
import type {CallEvent, CallRecord, Offset} from '../../../src/journal/call-event.ts';
import type {DialIntent, DialIntentRecord} from '../../../src/journal/dial-intent.ts';
import type {OpenIntentResult} from '../../../src/journal/dial-intent-store.ts';
import type {Fence} from '../../../src/journal/fence.ts';
import type {
  ActiveCalls,
  JournalOpening,
  ReadResult,
  Unsubscribe,
} from '../../../src/journal/followable-journal.ts';
import type {Journal} from '../../../src/journal/journal.ts';
import type {TrimRequest} from '../../../src/journal/journal-maintenance.ts';
import type {
  CallHistory,
  CallList,
  CallQuery,
  HourOfCalls,
  StatisticsQuery,
} from '../../../src/journal/queryable-journal.ts';

/** Time limit for an entry to reach all nodes. A lost notification delays it by a second. */
const CAUGHT_UP_WITHIN_MS = 5000;

export class RoundRobinJournal implements Journal {
  readonly #nodes: readonly Journal[];
  readonly #listeners = new Set<{readonly listener: () => void}>();
  /** Writes that wait until every node has their entry. */
  #waiting: {readonly offset: Offset; readonly resolve: () => void}[] = [];
  #turn = 0;
  #reads = 0;
  /** Writes in progress. A burst stays at one node, so that its order is kept. */
  #writing = 0;
  #notified: Offset = 0;
  #isNotifying = false;
  #closed = false;

  constructor(nodes: readonly Journal[]) {
    this.#nodes = nodes;
    for (const node of nodes) node.onAppend(() => this.#handleAppend());
  }

  /** Opens all nodes at once. @throws Error if their states differ */
  async open(): Promise<JournalOpening> {
    const openings = await Promise.all(this.#nodes.map((node) => node.open()));
    const [opening] = openings;
    if (opening === undefined || new Set(openings.map((each) => JSON.stringify(each))).size > 1)
      throw new Error(`the nodes opened different states: ${JSON.stringify(openings)}`);
    this.#notified = opening.head;
    return opening;
  }

  append(event: CallEvent): Promise<AppendResult> {
    return this.#write(async (node) => {
      const result = await node.append(event);
      await this.#waitForOffset(result.entry.offset);
      return result;
    });
  }

  appendFenced(event: CallEvent, fence: Fence): Promise<FencedAppend> {
    return this.#write(async (node) => {
      const result = await node.appendFenced(event, fence);
      if (result.kind === 'appended') await this.#waitForOffset(result.entry.offset);
      return result;
    });
  }

  read(after: Offset, limit: number): Promise<ReadResult> {
    return this.#reader().read(after, limit);
  }

  /** The offset that all nodes have reached. */
  head(): Offset {
    return Math.min(...this.#nodes.map((node) => node.head()));
  }

  async catchUp(): Promise<void> {
    await Promise.all(this.#nodes.map(async (node) => node.catchUp?.()));
  }

  onAppend(listener: () => void): Unsubscribe {
    const subscription = {listener};
    this.#listeners.add(subscription);
    return () => this.#listeners.delete(subscription);
  }

  activeCalls(): Promise<ActiveCalls> {
    return this.#reader().activeCalls();
  }

  findCall(callSid: string): Promise<CallRecord | undefined> {
    return this.#reader().findCall(callSid);
  }

  callHistory(callSid: string): Promise<CallHistory | undefined> {
    return this.#reader().callHistory(callSid);
  }

  listCalls(query: CallQuery): Promise<CallList> {
    return this.#reader().listCalls(query);
  }

  callStatistics(query: StatisticsQuery): Promise<readonly HourOfCalls[]> {
    return this.#reader().callStatistics(query);
  }

  openIntent(intent: DialIntent, keysSince: number): Promise<OpenIntentResult> {
    return this.#write((node) => node.openIntent(intent, keysSince));
  }

  rejectIntent(reference: string): Promise<void> {
    return this.#write((node) => node.rejectIntent(reference));
  }

  findIntent(reference: string): Promise<DialIntentRecord | undefined> {
    return this.#reader().findIntent(reference);
  }

  findIntentByKey(
    user: string,
    idempotencyKey: string,
    since: number,
  ): Promise<DialIntentRecord | undefined> {
    return this.#reader().findIntentByKey(user, idempotencyKey, since);
  }

  trim(request: TrimRequest): Promise<number> {
    return this.#write(async (node) => {
      const trimmed = await node.trim(request);
      // A trim is no entry and notifies no node, so the nodes must read its result.
      await this.catchUp();
      return trimmed;
    });
  }

  probe(): Promise<void> {
    return this.#write((node) => node.probe());
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close()));
    this.#closed = true;
    for (const {resolve} of this.#waiting.splice(0)) resolve();
  }

  async #write<Result>(write: (node: Journal) => Promise<Result>): Promise<Result> {
    if (this.#writing === 0) this.#turn += 1;
    this.#writing += 1;
    try {
      return await write(this.#node(this.#turn));
    } finally {
      this.#writing -= 1;
    }
  }

  /** Any node except the one that writes. */
  #reader(): Journal {
    this.#reads += 1;
    return this.#node(this.#turn + 1 + (this.#reads % (this.#nodes.length - 1)));
  }

  #node(index: number): Journal {
    const node = this.#nodes[index % this.#nodes.length];
    if (node === undefined) throw new RangeError('there are no nodes');
    return node;
  }

  async #waitForOffset(offset: Offset): Promise<void> {
    if (this.#closed || this.head() >= offset) return;
    const {promise, resolve, reject} = Promise.withResolvers<void>();
    this.#waiting.push({offset, resolve});
    const heads = () => this.#nodes.map((node) => node.head()).join(', ');
    const late = () => reject(new Error(`not all nodes have reached ${offset}; they are at ${heads()}`));
    const timer = setTimeout(late, CAUGHT_UP_WITHIN_MS);
    await promise.finally(() => clearTimeout(timer));
  }

  /** Called when a node's head has moved. Resolves writes before it notifies listeners (J3). */
  #handleAppend(): void {
    const head = this.head();
    const known = this.#waiting.filter(({offset}) => offset <= head);
    this.#waiting = this.#waiting.filter(({offset}) => offset > head);
    for (const {resolve} of known) resolve();
    if (head <= this.#notified || this.#isNotifying) return;
    this.#isNotifying = true;
    setImmediate(() => this.#notify());
  }

  #notify(): void {
    this.#isNotifying = false;
    this.#notified = this.head();
    for (const {listener} of this.#listeners) {
      try {
        listener();
      } catch {
        // One listener of the contract suite throws on purpose.
      }
    }
  }
}
