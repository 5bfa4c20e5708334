/** What can happen to a call, as it goes into the journal. */
import type {CallDirection, CallMetadata, CallSource, ProviderStatus} from '@hookswitch/protocol';

/** A place in the journal: 1 for the first entry, without gaps, in commit order. 0 is before everything. */
export type Offset = number;

interface EventBase {
  readonly callSid: string;
  /** Two events with the same key are one entry (J2). Derived from what Twilio signed, never from time of arrival. */
  readonly dedupeKey: string;
  /** When it happened, milliseconds since 1970 (Twilio's own timestamps have 1 s resolution). */
  readonly happenedAt: number;
  /** When it reached us, milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Somebody said what state a call is in. */
export interface StatusEvent extends EventBase {
  readonly kind: 'status';
  /** A signed webhook, Twilio's answer to a command of ours, or a look-up. */
  readonly source: CallSource;
  /** Absent where a webhook says nothing of it, or a word that is none of Twilio's: the call stays in the state it is in. */
  readonly providerStatus?: ProviderStatus;
  /** Twilio's SequenceNumber; only status callbacks have one. */
  readonly sequence?: number;
  readonly direction?: CallDirection;
  readonly from?: string;
  readonly to?: string;
  readonly parentCallSid?: string;
  readonly answeredBy?: string;
  /** Seconds of talk, on the last status. */
  readonly duration?: number;
  /** The reference our callback URLs carry: binds the call to the intent that dialed it, and to its owner. */
  readonly reference?: string;
  /** The webhook's fields as they came, kept as evidence; a repeated name has all its values. */
  readonly parameters?: Readonly<Record<string, string | readonly string[]>>;
}

/** Somebody told us to act on a call: kept for the record, it changes no state by itself. */
export interface CommandEvent extends EventBase {
  readonly kind: 'command';
  readonly source: 'api';
  readonly action: 'disconnect';
  /** Who asked. */
  readonly user: string;
}

export type CallEvent = StatusEvent | CommandEvent;

/** What an event did to its call: changed what others see of it, came after something newer, or said what was known. */
export type Verdict = 'applied' | 'late' | 'duplicate';

/** A call as the journal knows it after an entry. Times are milliseconds since 1970. */
export interface CallRecord {
  readonly callSid: string;
  readonly parentCallSid?: string;
  readonly direction: CallDirection;
  /** No event has named the direction yet: it is what such calls usually have. */
  readonly isDirectionAssumed?: true;
  readonly from: string;
  readonly to: string;
  readonly providerStatus: ProviderStatus;
  /** SequenceNumber of the last callback that was applied. */
  readonly sequence?: number;
  readonly answeredBy?: string;
  /** Seconds. */
  readonly duration?: number;
  /** The user who started it, or whose call it is a leg of. */
  readonly owner?: string;
  readonly metadata?: CallMetadata;
  readonly createdAt: number;
  readonly answeredAt?: number;
  readonly endedAt?: number;
  /** When the last evidence of its state reached us. */
  readonly updatedAt: number;
  /** Offset of its first entry: calls are listed newest first by it. */
  readonly firstOffset: Offset;
  /** Offset of the last entry that was applied. */
  readonly offset: Offset;
}

/** One line of the journal. */
export interface JournalEntry {
  readonly offset: Offset;
  readonly event: CallEvent;
  readonly verdict: Verdict;
  /** Who may see it besides those who may see everything; the call's owner when it was written. */
  readonly owner?: string;
  /**
   * The call after this entry; only where `verdict` is `applied` and the event is a status. Its status can be further than that of
   * the event, which then brought another fact.
   */
  readonly call?: CallRecord;
}
