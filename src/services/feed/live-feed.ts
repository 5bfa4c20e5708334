/**
 * The head of the journal, in memory: the last entries as ready-made frames, and the calls in progress as those
 * entries left them. It follows the journal, by what an append has just answered or else by reading it; every session reads from here, and from the journal itself
 * once it has fallen behind what is held.
 *
 * Invariant: `activeCalls()` is the state after entry `head`, and frames are held for every pushed entry after
 * `floor`; both move in one synchronous step, so that whoever reads them in one turn sees one moment.
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
  /** Bytes of frames to hold. @default 8 MiB */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;
const READ_PAGE = 1000;

/** Below the wake-up: a lost one costs this much latency. */
const POLL_MS = 1000;

/** How long it is waited for what another node has told of: longer than its poll, should the database not answer. */
const REACH_MS = 5000;

/** How many different (audience, cursor) pairs are remembered between two moves of the head. */
const MAX_CACHED_BATCHES = 512;

/** The calls in progress after entry `offset`, and the last entries up to it. */
interface LoadedPast {
  readonly offset: Offset;
  readonly calls: readonly CallRecord[];
  readonly past: readonly JournalEntry[];
}

/** Follows the journal and says when its head moved. */
export class LiveFeed {
  readonly #journal: FollowableJournal;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxBytes: number;
  readonly #listeners = new Set<() => void>();
  readonly #calls = new Map<string, CallRecord>();
  /** By cursor and audience. */
  readonly #batches = new Map<Offset, Map<string, Batch>>();
  #batchCount = 0;
  /** The one that was asked for last: most sessions are where the one before is, and see what it sees. */
  #lastBatch: {readonly after: Offset; readonly key: string; readonly batch: Batch} | undefined;
  /** Entries `#floor + 1 … #head`, contiguous; the first `#dropped` of the array are gone already. */
  #entries: FeedEntry[] = [];
  #dropped = 0;
  #bytes = 0;
  #floor: Offset = 0;
  #head: Offset = 0;
  /** Counts the histories that were begun: what is under way of another one is thrown away. */
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

  /** Loads the calls in progress and the last entries before them, and follows the journal from there. */
  async start(): Promise<void> {
    this.#replace(await this.#load());
    this.#unsubscribe = this.#journal.onAppend((appended) => this.#appended(appended));
    this.#stopPolling = this.#clock.every(POLL_MS, () => this.#wake());
    // What came while the past was read woke nobody.
    if (this.#journal.head() > this.#head) this.#wake();
  }

  /**
   * Another history of the journal has begun: loads it, and drops what was held of the one before. Calls `adopt` in the turn
   * in which that happens. @throws when the journal cannot be read; then everything is as it was
   */
  async restart(adopt: () => void): Promise<void> {
    let history: number;
    let loaded: LoadedPast;
    // What somebody else has replaced meanwhile may be of a later history than what was loaded here.
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

  /** Everything up to here is known. */
  get head(): Offset {
    return this.#head;
  }

  /**
   * Whether everything up to `offset` is known: it is waited for where another node can have been first. `false`: the journal has
   * no such entry, or it could not be read in time.
   */
  async reach(offset: Offset): Promise<boolean> {
    if (this.#head >= offset || this.#journal.catchUp === undefined) return this.#head >= offset;
    const {promise, resolve} = Promise.withResolvers<boolean>();
    const unsubscribe = this.onAdvance(() => {
      if (this.#head >= offset) resolve(true);
    });
    const cancel = this.#clock.after(REACH_MS, () => resolve(false));
    this.#journal.catchUp().then(
      () => {
        if (this.#journal.head() < offset) resolve(this.#head >= offset);
        // Read on by now, or in the turns to come.
        else this.#wake();
      },
      (error: unknown) =>
        this.#logger.debug({err: error, offset}, 'what another node knows could not be read'),
    );
    try {
      return await promise;
    } finally {
      unsubscribe();
      cancel();
    }
  }

  /** A cursor at or after this can be served from memory. */
  get floor(): Offset {
    return this.#floor;
  }

  /** The calls in progress after entry {@link head}. */
  activeCalls(): MapIterator<CallRecord> {
    return this.#calls.values();
  }

  /** A call in progress. */
  activeCall(callSid: string): CallRecord | undefined {
    return this.#calls.get(callSid);
  }

  get activeCallCount(): number {
    return this.#calls.size;
  }

  /** Calls `listener` in the turn in which the head has moved. */
  onAdvance(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * What `audience` is sent next from cursor `after`, which is at or after {@link floor} and before {@link head}.
   * The same question between two moves of the head has the same answer, bytes included: it is computed once.
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

  /** When the pushed entries after `offset` happened, as far as they are held; milliseconds since 1970. */
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
   * The last page of entries that ends with `offset`: after a restart everybody comes back at once, and resumes a
   * little before the head. None where they cannot be had, since then the journal answers each of them.
   */
  async #entriesUpTo(offset: Offset): Promise<readonly JournalEntry[]> {
    if (offset === 0) return [];
    try {
      const after = Math.max(0, offset - READ_PAGE);
      const first = await this.#journal.read(after, READ_PAGE);
      const page = first.kind === 'entries' ? first : await this.#journal.read(first.oldest, READ_PAGE);
      if (page.kind === 'too-old') return [];
      const entries = page.entries.filter((entry) => entry.offset <= offset);
      // The calls can be ahead of what may be read yet; a gap between the two would be one in somebody's replay.
      return entries.at(-1)?.offset === offset ? entries : [];
    } catch (error) {
      this.#logger.warn({err: error}, 'the last entries could not be read; resumes go to the journal');
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
    // Held, and not projected: the calls are as the last of these entries left them already.
    for (const entry of past) this.#hold(entry);
    this.#head = offset;
    this.#shrink();
  }

  /** What was appended is taken as it is where it continues what is known; anything else is read. */
  #appended(entries: readonly JournalEntry[] = []): void {
    // A read that is under way may hold the same entries: it goes on by itself.
    if (!this.#following && continues(this.#head, entries)) {
      this.#take(entries);
      this.#announce();
    }
    if (this.#journal.head() > this.#head) this.#wake();
  }

  /** `#woken` is a latch: a wake-up while a page is being read leads to another page. */
  #wake(): void {
    this.#woken = true;
    if (this.#following) return;
    this.#following = true;
    this.#follow().catch((error: unknown) => {
      if (!this.#stopped) this.#logger.error({err: error}, 'the journal could not be followed; trying again');
    });
  }

  async #follow(): Promise<void> {
    try {
      while (this.#woken) {
        this.#woken = false;
        const history = this.#history;
        const page = await this.#journal.read(this.#head, READ_PAGE);
        // It was read of the one before.
        if (history !== this.#history) {
          this.#woken = true;
          continue;
        }
        if (page.kind === 'too-old') {
          // This node was away for as long as they are kept, or another one's clock is far ahead. Sessions find their cursors too old.
          this.#logger.error(
            {after: this.#head, oldest: page.oldest},
            'entries were trimmed before they were read',
          );
          await this.restart(() => {});
          // Should even that be too old, the next poll looks again.
          if (this.#head < page.oldest) this.#woken = false;
          continue;
        }
        if (page.entries.length === 0) continue;
        this.#woken ||= page.entries.length === READ_PAGE;
        this.#take(page.entries);
        this.#announce();
      }
    } finally {
      // In the same turn as the last look at the latch: a wake-up comes either before it or finds nobody following.
      this.#following = false;
    }
  }

  #announce(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        // The head has moved: whoever is not told now would not hear of it before the next entry.
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

  /** Evidence that changed nothing was heard of all the same: the record says when. */
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

  /** Drops the oldest entries; the array is copied only once half of it is gone, so that a drop costs O(1). */
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

/** Whether `entries` are those that follow `head`, without a gap. */
function continues(head: Offset, entries: readonly JournalEntry[]): boolean {
  return entries.length > 0 && entries.every(({offset}, index) => offset === head + 1 + index);
}
