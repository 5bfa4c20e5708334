/**
 * Tracks this node's head and keeps the latest entries in memory. Entries of own commits are added directly.
 * Entries of other nodes are read from the database, after a notification and also every 0.7 s.
 *
 * Invariant: `#ring` and `head` change, and appends settle, in the same turn and in offset order. Therefore a
 * caller can read its append as soon as it is acknowledged, and nobody reads entry N + 1 before entry N (J3).
 */
import type {CancelTimer, Clock} from '../../../clock.ts';
import {JournalUnavailableError} from '../../../errors/app-error.ts';
import type {JournalEntry, Offset} from '../../call-event.ts';
import {EntryRing} from '../../entry-ring.ts';
import type {JournalOpening} from '../../followable-journal.ts';
import type {SeenHead} from '../epoch.ts';
import type {TailPage} from '../reader/reader-queries.ts';
import type {CommittedGroup} from '../writer/postgres-writer.ts';

export interface HeadTailOptions {
  readonly clock: Clock;
  /** Reads the entries after an offset. */
  readonly readPage: (after: Offset) => Promise<TailPage>;
  /**
   * Asks the writer to resolve the epoch under the lock, because entries that this node has seen are missing.
   */
  readonly resolveEpoch: () => Promise<unknown>;
  readonly onAdvance: () => void;
  readonly onEpoch: (opening: JournalOpening) => void;
  readonly onFault: (fault: Error) => void;
}

/**
 * Poll interval in milliseconds. With the read that follows, a lost notification costs less than a second.
 */
const POLL_MS = 700;
/** Maximum time that a durable own commit waits for earlier entries of other nodes, in milliseconds. */
const MAX_WAIT_MS = 1000;
/** Estimated size of an entry that was read from the database, in bytes. */
const ENTRY_BYTES = 1200;

export class HeadTail {
  readonly #options: HeadTailOptions;
  readonly #ring = new EntryRing();
  #seen: SeenHead | undefined;
  #trimmedTo: Offset = 0;
  /** Own commits that wait for earlier entries of other nodes. */
  #waiting: CommittedGroup[] = [];
  /** Callers that wait until every commit before their call is known here. */
  #catchingUp: PromiseWithResolvers<void>[] = [];
  #isWakePending = false;
  #following = false;
  /** The last page was full, so there may be more entries. */
  #hasMore = false;
  /** Message of the last reported fault. */
  #reportedFault: string | undefined;
  #isEpochRequested = false;
  #isNotifying = false;
  #stopPolling: CancelTimer | undefined;
  #cancelWaitLimit: CancelTimer | undefined;

  constructor(options: HeadTailOptions) {
    this.#options = options;
  }

  start({epoch, head}: JournalOpening, trimmedTo: Offset): void {
    this.#seen = {epoch, head};
    this.#trimmedTo = trimmedTo;
    this.#ring.moveTo(head);
    this.#stopPolling = this.#options.clock.every(POLL_MS, () => this.wake());
  }

  stop(): void {
    this.#stopPolling?.();
    this.#stopPolling = undefined;
    this.#settleAllWaiting();
    this.#rejectCatchingUp(new JournalUnavailableError('The journal is closed.'));
  }

  get seen(): SeenHead | undefined {
    return this.#seen;
  }

  get head(): Offset {
    return this.#seen?.head ?? 0;
  }

  get trimmedTo(): Offset {
    return this.#trimmedTo;
  }

  /** At most `limit` entries after `after`; `undefined` when the first of them is not in memory. */
  after(after: Offset, limit: number): readonly JournalEntry[] | undefined {
    return this.#ring.after(after, limit);
  }

  /** Records that entries up to this offset were trimmed. */
  handleTrim(to: Offset): void {
    this.#trimmedTo = Math.max(this.#trimmedTo, to);
  }

  /** Handles a commit of this node. Its requests settle once all earlier entries are known here. */
  handleCommit(group: CommittedGroup): void {
    if (this.#stopPolling === undefined) {
      group.settle();
      return;
    }
    this.#waiting.push(group);
    if (group.opening.epoch === this.#seen?.epoch) this.handleTrim(group.trimmedTo);
    else this.#beginHistory(group.opening, group.trimmedTo);
    this.#settleWaiting();
    if (this.#waiting.length > 0) this.wake();
  }

  /** Limits the wait, because a database may accept commits and fail reads. */
  #scheduleWaitLimit(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#cancelWaitLimit?.();
      this.#cancelWaitLimit = undefined;
      return;
    }
    if (this.#cancelWaitLimit !== undefined) return;
    const {clock} = this.#options;
    const leftMs = first.committedAt + MAX_WAIT_MS - clock.monotonic();
    this.#cancelWaitLimit = clock.after(Math.max(0, leftMs), () => {
      this.#cancelWaitLimit = undefined;
      const [oldest] = this.#waiting;
      if (oldest === undefined) return;
      if (clock.monotonic() - oldest.committedAt >= MAX_WAIT_MS) this.#settleAllWaiting();
      else this.#scheduleWaitLimit();
    });
  }

  /** Starts a read, because another node may have committed. During a read, this causes one more read. */
  wake(): void {
    this.#isWakePending = true;
    if (this.#following) return;
    this.#following = true;
    void this.#follow();
  }

  /** Resolves once every commit before this call is known here. @throws JournalUnavailableError */
  async catchUp(): Promise<void> {
    if (this.#stopPolling === undefined) throw new JournalUnavailableError('The journal is closed.');
    const caughtUp = Promise.withResolvers<void>();
    this.#catchingUp.push(caughtUp);
    this.wake();
    await caughtUp.promise;
  }

  async #follow(): Promise<void> {
    while (this.#isWakePending && this.#stopPolling !== undefined) {
      this.#isWakePending = false;
      // Only callers that asked before this read began are complete after it.
      const asked = this.#catchingUp.length;
      try {
        await this.#readNextPage();
        this.#reportedFault = undefined;
        // The rest of a full page comes with the next one.
        if (!this.#hasMore) for (const {resolve} of this.#catchingUp.splice(0, asked)) resolve();
      } catch (error) {
        this.#settleAllWaiting();
        this.#rejectCatchingUp(error);
        this.#reportOnce(toError(error));
      }
    }
    this.#following = false;
  }

  /** Reports a fault once. Polls repeat, and mostly meet the same fault. */
  #reportOnce(fault: Error): void {
    if (fault.message !== this.#reportedFault) this.#options.onFault(fault);
    this.#reportedFault = fault.message;
  }

  async #readNextPage(): Promise<void> {
    const before = this.#seen;
    if (before === undefined) return;
    const waiting = [...this.#waiting];
    const page = await this.#options.readPage(before.head);
    const {origin, head, entries, more} = page;
    const {epoch} = origin;
    this.#hasMore = more;
    if (epoch !== this.#seen?.epoch) {
      // Skip this if an own commit has already begun a newer epoch during the read.
      if (before.epoch === this.#seen?.epoch) this.#beginHistory({epoch, head}, page.trimmedTo);
      this.#isWakePending = true;
      return;
    }
    this.handleTrim(page.trimmedTo);
    if (head < before.head) {
      this.#requestEpoch();
      return;
    }
    this.#addEntries(entries, page.trimmedTo);
    this.#settleWaiting();
    // A read that began after a commit sees everything before it, so entries that it did not return do not
    // exist.
    if (entries.length === 0 && waiting.some((group) => this.#waiting.includes(group)))
      this.#settleAllWaiting();
    this.#isWakePending ||= more || this.#waiting.length > 0;
  }

  /**
   * The read loop does not await this. Other nodes may write before this probe commits, and the probe only
   * settles once the read loop has read their entries. If the probe fails, the next poll starts another one.
   */
  #requestEpoch(): void {
    if (this.#isEpochRequested) return;
    this.#isEpochRequested = true;
    const finished = () => {
      this.#isEpochRequested = false;
    };
    this.#options.resolveEpoch().then(finished, finished);
  }

  /** Adds entries that were read. Own commits may already have added some of them. */
  #addEntries(entries: readonly JournalEntry[], trimmedTo: Offset): void {
    // Entries below `trimmedTo` have gaps, so readers must not get them.
    if (trimmedTo > this.head) this.#moveTo(trimmedTo);
    const fresh = entries.filter(({offset}) => offset > this.head);
    if (fresh[0] === undefined || fresh[0].offset !== this.head + 1) return;
    for (const entry of fresh) this.#ring.push(entry, ENTRY_BYTES);
    this.#advance(this.#ring.last);
  }

  #settleWaiting(): void {
    for (let group = this.#waiting[0]; group !== undefined; group = this.#waiting[0]) {
      const first = group.entries[0]?.offset ?? group.head + 1;
      const last = group.head;
      if (last > this.head) {
        if (first !== this.head + 1) break;
        for (const [index, entry] of group.entries.entries()) {
          this.#ring.push(entry, group.bytes[index] ?? ENTRY_BYTES);
        }
        this.#advance(last);
      }
      this.#waiting.shift();
      group.settle();
    }
    this.#scheduleWaitLimit();
  }

  /**
   * Settles own commits without the entries before them, which cannot be read now. The commits are durable.
   */
  #settleAllWaiting(): void {
    for (const group of this.#waiting.splice(0)) {
      if (group.head > this.head) this.#moveTo(group.head);
      group.settle();
    }
    this.#scheduleWaitLimit();
  }

  #rejectCatchingUp(reason: unknown): void {
    for (const {reject} of this.#catchingUp.splice(0)) reject(reason);
  }

  /** Begins another history. Nothing that is known about the previous one applies to it. */
  #beginHistory(opening: JournalOpening, trimmedTo: Offset): void {
    const past = this.#waiting.filter((group) => group.opening.epoch !== opening.epoch);
    this.#waiting = this.#waiting.filter((group) => !past.includes(group));
    for (const group of past) group.settle();
    this.#seen = {epoch: opening.epoch, head: opening.head};
    // This can be lower than before, because offsets that were trimmed in another history may exist in this
    // one.
    this.#trimmedTo = trimmedTo;
    this.#ring.moveTo(opening.head);
    this.#options.onEpoch(opening);
  }

  #moveTo(offset: Offset): void {
    this.#ring.moveTo(offset);
    this.#advance(offset);
  }

  #advance(head: Offset): void {
    if (this.#seen === undefined || head <= this.#seen.head) return;
    this.#seen = {...this.#seen, head};
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    // Two microtasks later, the callers of the appends that settle in this turn have run. They must run
    // first.
    queueMicrotask(() => queueMicrotask(() => this.#notify()));
  }

  #notify(): void {
    this.#isNotifying = false;
    this.#options.onAdvance();
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
