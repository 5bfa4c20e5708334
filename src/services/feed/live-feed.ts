/**
 * The head of the journal in memory: the latest entries as encoded frames, and the active calls after those
 * entries. It follows the journal, either with the entries of a completed append or by reading. All sessions
 * read from here. Sessions that lag behind its memory read from the journal.
 *
 * Invariant: `activeCalls()` is the state after entry `head`, and the frames of all entries after `floor` are
 * held. Both change in one synchronous step, so code that reads them in one turn sees a consistent state.
 */
import {hasEnded} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {CallRecord, JournalEntry, Offset} from '../../journal/call-event.ts';
import type {FollowableJournal, Unsubscribe} from '../../journal/followable-journal.ts';
import {type Batch, type FeedEntry, joinFrames, toFeedEntry, weight} from './feed-entry.ts';
import type {VisibilityFilter} from './visibility.ts';

export interface LiveFeedOptions {
  readonly journal: FollowableJournal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Maximum size of the frames in memory. @default 8 MiB */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;
const READ_PAGE = 1000;

/** Polls in addition to wake-ups. A lost wake-up costs at most this much latency. */
const POLL_MS = 1000;

/**
 * How long to wait for entries that another node has delivered. Longer than a poll, in case the database is
 * slow.
 */
const WAIT_FOR_OFFSET_MS = 5000;

/** Cached batches, by visibility filter and cursor, until the head moves. */
const MAX_CACHED_BATCHES = 512;

/** The active calls after entry `offset`, and the latest entries up to it. */
interface LoadedPast {
  readonly offset: Offset;
  readonly calls: readonly CallRecord[];
  readonly past: readonly JournalEntry[];
}

/** Follows the journal and notifies listeners when its head has moved. */
export class LiveFeed {
  readonly #journal: FollowableJournal;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxBytes: number;
  readonly #listeners = new Set<() => void>();
  readonly #calls = new Map<string, CallRecord>();
  /** By cursor and visibility key. */
  readonly #batches = new Map<Offset, Map<string, Batch>>();
  #batchCount = 0;
  /** The most recent batch. Most sessions have the same cursor and filter as the session before. */
  #lastBatch: {readonly after: Offset; readonly key: string; readonly batch: Batch} | undefined;
  /**
   * Entries `#floor + 1 … #head`, contiguous. The first `#dropped` elements of the array are no longer valid.
   */
  #entries: FeedEntry[] = [];
  #dropped = 0;
  #bytes = 0;
  #floor: Offset = 0;
  #head: Offset = 0;
  /** Counts epochs. Results of reads that began in an earlier epoch are discarded. */
  #history = 0;
  #following = false;
  #woken = false;
  #stopped = false;
  #unsubscribe: Unsubscribe | undefined;
  #stopPolling: CancelTimer | undefined;

  constructor({journal, clock, logger, maxBytes = DEFAULT_MAX_BYTES}: LiveFeedOptions) {
    this.#journal = journal;
    this.#clock = clock;
    this.#logger = logger;
    this.#maxBytes = maxBytes;
  }

  /** Loads the active calls and the latest entries, and follows the journal from there. */
  async start(): Promise<void> {
    this.#replace(await this.#load());
    this.#unsubscribe = this.#journal.onAppend((appended) => this.#handleAppend(appended));
    this.#stopPolling = this.#clock.every(POLL_MS, () => this.#wake());
    // Entries appended while the past was loaded have not triggered a wake-up.
    if (this.#journal.head() > this.#head) this.#wake();
  }

  /**
   * Loads a new epoch of the journal and drops the entries of the previous one. Calls `adopt` in the same
   * turn.
   * @throws if the journal cannot be read; in that case nothing has changed
   */
  async restart(adopt: () => void): Promise<void> {
    let history: number;
    let loaded: LoadedPast;
    // A concurrent restart may have loaded a later epoch than this one.
    do {
      history = this.#history;
      loaded = await this.#load();
    } while (history !== this.#history);
    this.#history += 1;
    this.#replace(loaded);
    adopt();
    this.#announce();
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe?.();
    this.#stopPolling?.();
    this.#listeners.clear();
  }

  /** The offset of the latest known entry. */
  get head(): Offset {
    return this.#head;
  }

  /**
   * Waits until all entries up to `offset` are known, because another node may have seen them first. Resolves
   * with `false` if the journal has no such entry or could not be read in time.
   */
  async waitForOffset(offset: Offset): Promise<boolean> {
    if (this.#head >= offset || this.#journal.catchUp === undefined) return this.#head >= offset;
    const {promise, resolve} = Promise.withResolvers<boolean>();
    const unsubscribe = this.onAdvance(() => {
      if (this.#head >= offset) resolve(true);
    });
    const cancel = this.#clock.after(WAIT_FOR_OFFSET_MS, () => resolve(false));
    this.#journal.catchUp().then(
      () => {
        if (this.#journal.head() < offset) resolve(this.#head >= offset);
        // The entries have been read by now, or will be in the next turns.
        else this.#wake();
      },
      (error: unknown) =>
        this.#logger.debug({err: error, offset}, 'could not read the entries of another node'),
    );
    try {
      return await promise;
    } finally {
      unsubscribe();
      cancel();
    }
  }

  /** A cursor at or after this offset can be served from memory. */
  get floor(): Offset {
    return this.#floor;
  }

  /** The active calls after entry {@link head}. */
  activeCalls(): MapIterator<CallRecord> {
    return this.#calls.values();
  }

  /** An active call. */
  activeCall(callSid: string): CallRecord | undefined {
    return this.#calls.get(callSid);
  }

  get activeCallCount(): number {
    return this.#calls.size;
  }

  /** Calls `listener` in the turn in which the head moves. */
  onAdvance(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The next batch for `visibility` from cursor `after`, which is at or after {@link floor} and before
   * {@link head}. The result, including its bytes, is computed once until the head moves.
   */
  batch(visibility: VisibilityFilter, after: Offset): Batch {
    const last = this.#lastBatch;
    if (last !== undefined && last.after === after && last.key === visibility.key) return last.batch;
    const batch = this.#batches.get(after)?.get(visibility.key) ?? this.#newBatch(visibility, after);
    this.#lastBatch = {after, key: visibility.key, batch};
    return batch;
  }

  #newBatch(visibility: VisibilityFilter, after: Offset): Batch {
    const start = after - this.#floor + this.#dropped;
    const batch = joinFrames(this.#entries, start, visibility);
    if (this.#batchCount >= MAX_CACHED_BATCHES) this.#forgetBatches();
    const ofCursor = this.#batches.get(after) ?? new Map<string, Batch>();
    this.#batches.set(after, ofCursor.set(visibility.key, batch));
    this.#batchCount += 1;
    return batch;
  }

  /**
   * The event times of the entries with messages after `offset` that are in memory; milliseconds since 1970.
   */
  *happenedAfter(offset: Offset): Generator<number> {
    for (
      let index = Math.max(0, offset - this.#floor) + this.#dropped;
      index < this.#entries.length;
      index += 1
    ) {
      const entry = this.#entries[index];
      if (entry?.frame !== undefined) yield entry.happenedAt;
    }
  }

  /**
   * The last page of entries, ending with `offset`. After a restart all clients reconnect at once and resume
   * a little before the head. Empty if the entries cannot be read, because then the journal serves each
   * client.
   */
  async #entriesUpTo(offset: Offset): Promise<readonly JournalEntry[]> {
    if (offset === 0) return [];
    try {
      const after = Math.max(0, offset - READ_PAGE);
      const first = await this.#journal.read(after, READ_PAGE);
      const page = first.kind === 'entries' ? first : await this.#journal.read(first.oldest, READ_PAGE);
      if (page.kind === 'too-old') return [];
      const entries = page.entries.filter((entry) => entry.offset <= offset);
      // The calls can be ahead of the readable entries. A gap between the two would be a gap in a client's
      // replay.
      return entries.at(-1)?.offset === offset ? entries : [];
    } catch (error) {
      this.#logger.warn(
        {err: error},
        'could not read the latest entries; the journal serves resumes instead',
      );
      return [];
    }
  }

  async #load(): Promise<LoadedPast> {
    const {offset, calls} = await this.#journal.activeCalls();
    return {offset, calls, past: await this.#entriesUpTo(offset)};
  }

  #replace({offset, calls, past}: LoadedPast): void {
    this.#calls.clear();
    this.#forgetBatches();
    this.#entries = [];
    this.#dropped = 0;
    this.#bytes = 0;
    for (const call of calls) this.#calls.set(call.callSid, call);
    this.#floor = (past[0]?.offset ?? offset + 1) - 1;
    // Held without projecting: the loaded calls already include these entries.
    for (const entry of past) this.#hold(entry);
    this.#head = offset;
    this.#shrink();
  }

  /** Uses the appended entries directly if they follow the head. Otherwise they are read. */
  #handleAppend(entries: readonly JournalEntry[] = []): void {
    // A read in progress may contain the same entries, so it continues on its own.
    if (!this.#following && continues(this.#head, entries)) {
      this.#take(entries);
      this.#announce();
    }
    if (this.#journal.head() > this.#head) this.#wake();
  }

  /** `#woken` is a latch: a wake-up during a read causes another read. */
  #wake(): void {
    this.#woken = true;
    if (this.#following) return;
    this.#following = true;
    this.#follow().catch((error: unknown) => {
      if (!this.#stopped) this.#logger.error({err: error}, 'could not follow the journal, retrying');
    });
  }

  async #follow(): Promise<void> {
    try {
      while (this.#woken) {
        this.#woken = false;
        const history = this.#history;
        const page = await this.#journal.read(this.#head, READ_PAGE);
        // This page belongs to the previous epoch.
        if (history !== this.#history) {
          this.#woken = true;
          continue;
        }
        if (page.kind === 'too-old') {
          // This node was offline for longer than the retention, or another node's clock is far ahead.
          // Sessions will find that their cursors are too old.
          this.#logger.error(
            {after: this.#head, oldest: page.oldest},
            'entries were trimmed before this node read them',
          );
          await this.restart(() => {});
          // If even that is too old, the next poll tries again.
          if (this.#head < page.oldest) this.#woken = false;
          continue;
        }
        if (page.entries.length === 0) continue;
        this.#woken ||= page.entries.length === READ_PAGE;
        this.#take(page.entries);
        this.#announce();
      }
    } finally {
      // In the same turn as the last check of the latch, so a wake-up either comes before it or starts a new
      // loop.
      this.#following = false;
    }
  }

  #announce(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        // The head has moved. The remaining listeners must still run, or they would miss it until the next
        // entry.
        this.#logger.error({err: error}, 'a listener of the feed failed');
      }
    }
  }

  #take(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      this.#hold(entry);
      this.#head = entry.offset;
      if (entry.call !== undefined) this.#project(entry.call);
      else this.#confirm(entry.event);
    }
    this.#shrink();
    this.#forgetBatches();
  }

  #hold(entry: JournalEntry): void {
    const held = toFeedEntry(entry);
    this.#entries.push(held);
    this.#bytes += weight(held);
  }

  #project(call: CallRecord): void {
    if (hasEnded(call.providerStatus)) this.#calls.delete(call.callSid);
    else this.#calls.set(call.callSid, call);
  }

  /** An event that changed nothing still confirms the call, so the record gets its time. */
  #confirm({kind, callSid, receivedAt}: JournalEntry['event']): void {
    const call = kind === 'status' ? this.#calls.get(callSid) : undefined;
    if (call !== undefined && call.updatedAt < receivedAt)
      this.#calls.set(callSid, {...call, updatedAt: receivedAt});
  }

  #forgetBatches(): void {
    this.#batches.clear();
    this.#batchCount = 0;
    this.#lastBatch = undefined;
  }

  /** Drops the oldest entries. The array is copied only once half of it is unused, so a drop costs O(1). */
  #shrink(): void {
    while (this.#bytes > this.#maxBytes && this.#dropped < this.#entries.length) {
      const oldest = this.#entries[this.#dropped];
      if (oldest === undefined) break;
      this.#bytes -= weight(oldest);
      this.#floor = oldest.offset;
      this.#dropped += 1;
    }
    if (this.#dropped * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#dropped);
      this.#dropped = 0;
    }
  }
}

/** Whether `entries` follow `head` without a gap. */
function continues(head: Offset, entries: readonly JournalEntry[]): boolean {
  return entries.length > 0 && entries.every(({offset}, index) => offset === head + 1 + index);
}
