/**
 * The journal is the only queue of the system. Every event of a call is one entry, and every message to a
 * client is read from the journal. This file is the port. `test/support/journal/journal-contract.ts` checks
 * the promises below for every adapter, and for several nodes that take turns.
 */
import type {CallOutcome} from '@hookswitch/protocol';
import type {CallEvent, CallRecord, JournalEntry, Offset} from './call-event.ts';
import type {CallWay} from './call-facets.ts';
import type {DialIntent, DialIntentRecord} from './dial-intent.ts';
import type {Fence} from './fence.ts';

export type Unsubscribe = () => void;

export interface AppendResult {
  readonly entry: JournalEntry;
  /**
   * The journal already had an event with this `dedupeKey`, so nothing was added and `entry` is the first
   * one. An event of a trimmed call is also `repeated`. Its entry has offset 0, because the first entry is
   * gone.
   */
  readonly repeated: boolean;
}

/** `stale`: another node has taken over the duty, and nothing was written. */
export type FencedAppend = ({readonly kind: 'appended'} & AppendResult) | {readonly kind: 'stale'};

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

/** Selects calls. All given conditions must hold. */
export interface CallQuery {
  readonly state?: 'active' | 'ended';
  /** Only calls of this user. */
  readonly owner?: string;
  /**
   * A part of a number or address (`from` or `to`), the prefix of a call sid, or exactly the owner's name. In
   * numbers and addresses, case, spaces and punctuation are ignored. A text that can only be a sid (CA and at
   * least six hex digits) is matched only against sids. A text without letters and digits matches every call.
   */
  readonly text?: string;
  /** Only calls that ended with one of these outcomes. Without outcomes, every call matches. */
  readonly outcomes?: readonly CallOutcome[];
  /** Inbound or outbound: see `wayOf`. */
  readonly direction?: CallWay;
  /** Only calls created at or after this moment (milliseconds since 1970). */
  readonly createdFrom?: number;
  /** Only calls created before this moment (milliseconds since 1970). */
  readonly createdBefore?: number;
  /** `none` leaves out calls that have a parent. */
  readonly legs?: 'none';
  /** The cursor: only calls whose first entry is before this offset. */
  readonly before?: Offset;
  readonly limit: number;
}

export interface CallList {
  /** Newest first. */
  readonly calls: readonly CallRecord[];
  /**
   * The `before` of the next page; absent on the last page. A journal may stop after examining a number of
   * calls, so that a search for rare matches does not delay other requests. Then a page has fewer calls than
   * `limit`, or none, and `next` is still present. A client that follows `next` until it is absent gets every
   * matching call once.
   */
  readonly next?: Offset;
}

export interface StatisticsQuery {
  /** The first hour, in whole hours (UTC) since 1970. */
  readonly fromHour: number;
  /** The hour after the last one. */
  readonly toHour: number;
  /** Only calls of this user. */
  readonly owner?: string;
}

/** Root calls created in one hour that have ended, counted by outcome. */
export interface HourOfCalls extends Readonly<Record<CallOutcome, number>> {
  /** Whole hours (UTC) since 1970. */
  readonly hour: number;
  /** The number of these calls that were answered. */
  readonly answered: number;
}

/** An entry together with the number of times that its event was received again. */
export interface HistoryEntry extends JournalEntry {
  readonly repeats: number;
}

export interface CallHistory {
  readonly call: CallRecord;
  /** Child legs, oldest first. */
  readonly legs: readonly CallRecord[];
  /** Entries of the call and of its legs, with any verdict, in offset order. */
  readonly entries: readonly HistoryEntry[];
}

export interface TrimRequest {
  /**
   * Calls that ended before this moment (milliseconds since 1970) are deleted together with their entries.
   */
  readonly endedBefore: number;
  /** The maximum number of calls per request, so that appends are not delayed. */
  readonly limit: number;
}

/** The state of a journal when it opens. */
export interface JournalOpening {
  /** Identifies the history. Offsets of another epoch have no meaning in this one. */
  readonly epoch: string;
  readonly head: Offset;
  /** Set if acknowledged entries are missing (restored backup, damaged file). Then a new epoch began. */
  readonly lost?: {readonly expected: Offset; readonly found: Offset};
}

export interface Journal {
  /** Opens or creates the journal. The constructor touches nothing. @throws JournalUnavailableError */
  open(): Promise<JournalOpening>;

  /**
   * Decides the event's effect on its call and writes it. Once the promise resolves, the entry is durable
   * (J1). Entries are in commit order without gaps (J3). An event with a known `dedupeKey` returns the first
   * entry (J2). An event with a `reference` binds the call to that intent in the same transaction.
   * @throws JournalUnavailableError — either nothing was written, or the same append will find it: retrying
   * is safe
   */
  append(event: CallEvent): Promise<AppendResult>;

  /**
   * Appends if the duty is still held with this token at the moment of the write. Another node takes over
   * before or after the write, never during it. A journal with a single node accepts every fence.
   * @throws JournalUnavailableError
   */
  appendFenced(event: CallEvent, fence: Fence): Promise<FencedAppend>;

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

  /** The current state of one call. */
  findCall(callSid: string): Promise<CallRecord | undefined>;

  /** One call with its legs and entries. */
  callHistory(callSid: string): Promise<CallHistory | undefined>;

  /** Calls, newest first. */
  listCalls(query: CallQuery): Promise<CallList>;

  /** Ended calls per hour of their creation, in order. Hours without ended calls are left out. */
  callStatistics(query: StatisticsQuery): Promise<readonly HourOfCalls[]>;

  /**
   * Stores an intent to dial before the request to Twilio. If the user has used the same idempotency key
   * since `keysSince` (milliseconds since 1970), nothing is written and the first intent is returned.
   * @throws JournalUnavailableError
   */
  openIntent(intent: DialIntent, keysSince: number): Promise<OpenIntentResult>;

  /**
   * Marks the intent as rejected, which frees its idempotency key. Does nothing if the intent does not exist
   * or has a call. @throws JournalUnavailableError
   */
  rejectIntent(reference: string): Promise<void>;

  /** The intent that a callback URL refers to. */
  findIntent(reference: string): Promise<DialIntentRecord | undefined>;

  /** The intent that `openIntent` would find for this key: the first since `since` that was not rejected. */
  findIntentByKey(user: string, idempotencyKey: string, since: number): Promise<DialIntentRecord | undefined>;

  /**
   * Deletes ended calls in small steps and returns their number. The journal remembers at least the last
   * million trimmed calls, so that a late event of a trimmed call does not create it again (J2). @throws
   * JournalUnavailableError
   */
  trim(request: TrimRequest): Promise<number>;

  /** Checks that a write would be durable now, by making one. @throws JournalUnavailableError */
  probe(): Promise<void>;

  /** Finishes accepted requests and closes. Idempotent. */
  close(): Promise<void>;
}

export type OpenIntentResult =
  | {readonly kind: 'opened'}
  | {readonly kind: 'exists'; readonly intent: DialIntentRecord};
