/**
 * Several nodes as one journal, for the contract: each burst of writes goes to the next node, and whatever is read is read at
 * another one than wrote it. A write is answered once every node knows of it, which is what one process promises of itself; how
 * long that takes among several is not part of the contract.
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

/** A notification that was lost costs a second; what takes this long never comes. */
const KNOWN_WITHIN_MS = 5000;

export class TurnTakingJournal implements Journal {
  readonly #nodes: readonly Journal[];
  readonly #listeners = new Set<{readonly listener: () => void}>();
  /** Answers that wait until every node is there. */
  #waiting: {readonly offset: Offset; readonly resolve: () => void}[] = [];
  #turn = 0;
  #reads = 0;
  /** Writes under way: within a burst the order is the order of the calls, and so it stays with one node. */
  #writing = 0;
  #told: Offset = 0;
  #telling = false;
  #closed = false;

  constructor(nodes: readonly Journal[]) {
    this.#nodes = nodes;
    for (const node of nodes) node.onAppend(() => this.#moved());
  }

  /** Opens all of them at once. @throws Error — they do not agree on what they have opened */
  async open(): Promise<JournalOpening> {
    const openings = await Promise.all(this.#nodes.map((node) => node.open()));
    const [opening] = openings;
    if (opening === undefined || new Set(openings.map((each) => JSON.stringify(each))).size > 1)
      throw new Error(`the nodes have opened ${JSON.stringify(openings)}`);
    this.#told = opening.head;
    return opening;
  }

  append(event: CallEvent): Promise<AppendResult> {
    return this.#write(async (node) => {
      const result = await node.append(event);
      await this.#known(result.entry.offset);
      return result;
    });
  }

  appendFenced(event: CallEvent, fence: Fence): Promise<FencedAppend> {
    return this.#write(async (node) => {
      const result = await node.appendFenced(event, fence);
      if (result.kind === 'appended') await this.#known(result.entry.offset);
      return result;
    });
  }

  read(after: Offset, limit: number): Promise<ReadResult> {
    return this.#reader().read(after, limit);
  }

  /** What all of them know. */
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
      // What is gone is no entry, and wakes nobody: it is learnt with the next read.
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

  /** Any but the one whose turn it is to write. */
  #reader(): Journal {
    this.#reads += 1;
    return this.#node(this.#turn + 1 + (this.#reads % (this.#nodes.length - 1)));
  }

  #node(index: number): Journal {
    const node = this.#nodes[index % this.#nodes.length];
    if (node === undefined) throw new RangeError('there are no nodes');
    return node;
  }

  async #known(offset: Offset): Promise<void> {
    if (this.#closed || this.head() >= offset) return;
    const {promise, resolve, reject} = Promise.withResolvers<void>();
    this.#waiting.push({offset, resolve});
    const heads = () => this.#nodes.map((node) => node.head()).join(', ');
    const late = () => reject(new Error(`${offset} is not known everywhere; the nodes are at ${heads()}`));
    const timer = setTimeout(late, KNOWN_WITHIN_MS);
    await promise.finally(() => clearTimeout(timer));
  }

  /** One of them has moved; whether all have is another question. Callers come before listeners (J3). */
  #moved(): void {
    const head = this.head();
    const known = this.#waiting.filter(({offset}) => offset <= head);
    this.#waiting = this.#waiting.filter(({offset}) => offset > head);
    for (const {resolve} of known) resolve();
    if (head <= this.#told || this.#telling) return;
    this.#telling = true;
    setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#telling = false;
    this.#told = this.head();
    for (const {listener} of this.#listeners) {
      try {
        listener();
      } catch {
        // One of them, in the contract, fails on purpose.
      }
    }
  }
}
