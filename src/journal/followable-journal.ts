/** The part of the journal that live readers follow. */
import type {CallRecord, JournalEntry, Offset} from './call-event.ts';

export type Unsubscribe = () => void;

/**
 * `too-old`: entries after the given offset were trimmed, so a replay would have a gap. `oldest` is the
 * lowest offset without a gap after it. Events come without their `parameters`: only a call's history has
 * them.
 */
export type ReadResult =
  | {readonly kind: 'entries'; readonly entries: readonly JournalEntry[]}
  | {readonly kind: 'too-old'; readonly oldest: Offset};

export interface ActiveCalls {
  /**
   * The calls match the entries up to this offset. It can be ahead of `head()` while an append is
   * acknowledged.
   */
  readonly offset: Offset;
  readonly calls: readonly CallRecord[];
}

/** The state of a journal when it opens. */
export interface JournalOpening {
  /** Identifies the history. Offsets of another epoch have no meaning in this one. */
  readonly epoch: string;
  readonly head: Offset;
  /** Set if acknowledged entries are missing (restored backup, damaged file). Then a new epoch began. */
  readonly lost?: {readonly expected: Offset; readonly found: Offset};
}

/** Reads entries in order and reports new ones, for the feed and for sessions. */
export interface FollowableJournal {
  /**
   * Returns at most `limit` entries after `after`, oldest first, without gaps; none if `after` is the head.
   * With several nodes, this node's head can lag behind entries that another node has acknowledged: see
   * `catchUp`. All other queries read the disk, so they see acknowledged entries of every node at once.
   */
  read(after: Offset, limit: number): Promise<ReadResult>;

  /** Offset of the last entry that this node knows to be durable; 0 if the journal is empty. */
  head(): Offset;

  /**
   * Reads every entry that any node has acknowledged before this request, so that `head()` includes them.
   * Absent if only one process writes. @throws JournalUnavailableError
   */
  catchUp?(): Promise<void>;

  /**
   * Calls `listener` when the head moves. `appended` saves a read: it has entries that this process has just
   * committed, in order, without gaps and not beyond `head()`. It may lack other new entries. A lost
   * notification costs latency, never an entry.
   */
  onAppend(listener: (appended?: readonly JournalEntry[]) => void): Unsubscribe;

  /**
   * Calls `listener` when a new history begins while the journal is open: a standby was promoted, or a backup
   * was restored. Earlier offsets have no meaning then. `head()` belongs to the new history and can be lower.
   * Absent if this cannot happen.
   */
  onEpoch?(listener: (opening: JournalOpening) => void): Unsubscribe;

  /** Every call in progress, as of one offset. */
  activeCalls(): Promise<ActiveCalls>;
}
