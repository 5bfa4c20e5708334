/** The part of the journal that finds calls, and their history. */
import type {CallOutcome} from '@hookswitch/protocol';
import type {CallRecord, JournalEntry, Offset} from './call-event.ts';
import type {CallWay} from './call-facets.ts';

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

/** Finds calls by sid or by their properties, for the HTTP API. */
export interface QueryableJournal {
  /** The current state of one call. */
  findCall(callSid: string): Promise<CallRecord | undefined>;

  /** One call with its legs and entries. */
  callHistory(callSid: string): Promise<CallHistory | undefined>;

  /** Calls, newest first. */
  listCalls(query: CallQuery): Promise<CallList>;

  /** Ended calls per hour of their creation, in order. Hours without ended calls are left out. */
  callStatistics(query: StatisticsQuery): Promise<readonly HourOfCalls[]>;
}
