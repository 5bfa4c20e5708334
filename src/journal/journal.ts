/**
 * The journal: the only queue of the system. Everything that happens to a call is one entry; everything that anybody
 * is told is read from it. This file is the port; the promises below are what `test/support/journal/journal-contract.ts`
 * checks of every adapter, and of several nodes that take turns.
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
   * The journal had this event already (same `dedupeKey`): `entry` is the first one, and nothing was added. So is one of a call
   * that was trimmed: then its `offset` is 0, since nothing is left of the first.
   */
  readonly repeated: boolean;
}

/** `stale`: another node has taken the duty over; nothing was written. */
export type FencedAppend = ({readonly kind: 'appended'} & AppendResult) | {readonly kind: 'stale'};

/**
 * `too-old`: entries after the given offset have been trimmed, so that a replay would have a hole; `oldest` is the
 * lowest offset after which there is none. Events come without their `parameters`: only a history has them.
 */
export type ReadResult =
  | {readonly kind: 'entries'; readonly entries: readonly JournalEntry[]}
  | {readonly kind: 'too-old'; readonly oldest: Offset};

export interface ActiveCalls {
  /** The calls are exactly as entries up to here left them. Can be ahead of `head()` by what is being acknowledged. */
  readonly offset: Offset;
  readonly calls: readonly CallRecord[];
}

/** What calls to list. Every condition that is given has to hold. */
export interface CallQuery {
  readonly state?: 'active' | 'ended';
  /** Only calls of this user. */
  readonly owner?: string;
  /**
   * Part of a number or address (`from` or `to`; case, spaces and the punctuation of numbers do not count), the beginning
   * of a call sid, or exactly the owner's name. What can only be a sid (CA and six hex digits or more) is looked for
   * among the sids alone. Text without a letter or digit asks nothing.
   */
  readonly text?: string;
  /** Only calls that ended as one of these; none given: whatever became of them. */
  readonly outcomes?: readonly CallOutcome[];
  /** Either way of Twilio's directions: see `wayOf`. */
  readonly direction?: CallWay;
  /** Only calls created at or after this moment (milliseconds since 1970). */
  readonly createdFrom?: number;
  /** Only calls created before this moment (milliseconds since 1970). */
  readonly createdBefore?: number;
  /** `none` leaves out calls that have a parent. */
  readonly legs?: 'none';
  /** Only calls whose first entry is before this offset: the cursor. */
  readonly before?: Offset;
  readonly limit: number;
}

export interface CallList {
  /** Newest first. */
  readonly calls: readonly CallRecord[];
  /**
   * Ask with `before` this for what follows; absent when there is nothing more. A journal may stop looking after a number
   * of calls, so that a rare match among very many does not hold up everybody else: then a page has fewer calls than
   * `limit`, or none, and this all the same. Following it until it is absent finds every call once.
   */
  readonly next?: Offset;
}

export interface StatisticsQuery {
  /** Whole hours (UTC) since 1970; the first one. */
  readonly fromHour: number;
  /** The one after the last. */
  readonly toHour: number;
  /** Only calls of this user. */
  readonly owner?: string;
}

/** Root calls that were created in an hour and have ended, by what became of them. */
export interface HourOfCalls extends Readonly<Record<CallOutcome, number>> {
  /** Whole hours (UTC) since 1970. */
  readonly hour: number;
  /** Of them, those that were answered. */
  readonly answered: number;
}

/** An entry as evidence: with how often its event came again. */
export interface HistoryEntry extends JournalEntry {
  readonly repeats: number;
}

export interface CallHistory {
  readonly call: CallRecord;
  /** Child legs, oldest first. */
  readonly legs: readonly CallRecord[];
  /** Entries of the call and of its legs, in offset order, whatever their verdict. */
  readonly entries: readonly HistoryEntry[];
}

export interface TrimRequest {
  /** Calls that ended before this moment (milliseconds since 1970) go, with their entries. */
  readonly endedBefore: number;
  /** At most so many calls in one go, so that appends are not held up. */
  readonly limit: number;
}

/** What a journal tells of its own state at start. */
export interface JournalOpening {
  /** Names this history. Another epoch means: offsets of before say nothing. */
  readonly epoch: string;
  readonly head: Offset;
  /** Set when entries that had been acknowledged are gone (restored backup, damaged file): a new epoch began. */
  readonly lost?: {readonly expected: Offset; readonly found: Offset};
}

export interface Journal {
  /** Opens or creates the journal. Nothing is touched before. @throws JournalUnavailableError */
  open(): Promise<JournalOpening>;

  /**
   * Decides what the event does to its call and writes it. Durable once resolved (J1), in commit order without gaps
   * (J3); the same `dedupeKey` again returns the first entry (J2). An event with a `reference` binds the call to that
   * intent in the same transaction. @throws JournalUnavailableError — then nothing was written, or a repetition of
   * the append will find it: retrying is always safe.
   */
  append(event: CallEvent): Promise<AppendResult>;

  /**
   * As `append`, if the duty is still held under that token when the entry is written: another node takes it over before that or
   * after that, never in between. The journal of a node that is alone takes every fence for held. @throws JournalUnavailableError
   */
  appendFenced(event: CallEvent, fence: Fence): Promise<FencedAppend>;

  /**
   * Entries strictly after `after`, oldest first, without gaps, at most `limit`; none at the head. Where several processes write, what
   * another one was just told of may be behind the head here still: see `catchUp`. Every other question is asked of what is on
   * disk, and sees at once what any of them has acknowledged.
   */
  read(after: Offset, limit: number): Promise<ReadResult>;

  /** Offset of the last entry that this process knows to be durable; 0 when empty. */
  head(): Offset;

  /**
   * Takes in whatever was acknowledged before, by whichever process: afterwards `head()` is behind nothing that anybody was told of
   * until then. Absent where one process writes all there is. @throws JournalUnavailableError
   */
  catchUp?(): Promise<void>;

  /**
   * Says that the head moved. `appended` saves a read: entries that this process has just committed, in order and without
   * gaps, and none after `head()`. They need not be all that is new. A lost wake-up costs latency, never an entry.
   */
  onAppend(listener: (appended?: readonly JournalEntry[]) => void): Unsubscribe;

  /**
   * Another history has begun while it was open: a standby was promoted, or a backup restored beneath us. Offsets of
   * before say nothing; `head()` is of the new one, and can be lower. Absent where that cannot happen.
   */
  onEpoch?(listener: (opening: JournalOpening) => void): Unsubscribe;

  /** Every call in progress, consistent with one offset. */
  activeCalls(): Promise<ActiveCalls>;

  /** One call as it is now. */
  findCall(callSid: string): Promise<CallRecord | undefined>;

  /** One call with its legs and entries. */
  callHistory(callSid: string): Promise<CallHistory | undefined>;

  /** Calls, newest first. */
  listCalls(query: CallQuery): Promise<CallList>;

  /** Hours in which calls were created that have ended, in order; those without any are left out. */
  callStatistics(query: StatisticsQuery): Promise<readonly HourOfCalls[]>;

  /**
   * Puts an intent to dial on disk before Twilio is asked. When the user has used the same idempotency key since
   * `keysSince` (milliseconds since 1970), nothing is written and the first intent is returned. @throws JournalUnavailableError
   */
  openIntent(intent: DialIntent, keysSince: number): Promise<OpenIntentResult>;

  /**
   * No call will come of the intent, and its idempotency key is free again. Does nothing where there is no such
   * intent, or it has a call. @throws JournalUnavailableError
   */
  rejectIntent(reference: string): Promise<void>;

  /** The intent a callback URL refers to. */
  findIntent(reference: string): Promise<DialIntentRecord | undefined>;

  /** What `openIntent` would find of this key: the first intent since `since` that was not rejected. */
  findIntentByKey(user: string, idempotencyKey: string, since: number): Promise<DialIntentRecord | undefined>;

  /**
   * Forgets ended calls, in small steps; returns how many went. That they were there is remembered, of the last million at least:
   * an event that would begin such a call anew changes nothing (J2). @throws JournalUnavailableError
   */
  trim(request: TrimRequest): Promise<number>;

  /** Whether a write would be durable now: makes one. @throws JournalUnavailableError */
  probe(): Promise<void>;

  /** Writes out what was accepted and closes. Idempotent. */
  close(): Promise<void>;
}

export type OpenIntentResult =
  | {readonly kind: 'opened'}
  | {readonly kind: 'exists'; readonly intent: DialIntentRecord};
