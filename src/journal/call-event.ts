/** Events that can happen to a call, as the journal stores them. */
import type {CallDirection, CallMetadata, CallSource, ProviderStatus} from '@hookswitch/protocol';

/**
 * A position in the journal. Entries count from 1 in commit order, without gaps. 0 is before the first entry.
 */
export type Offset = number;

interface EventBase {
  readonly callSid: string;
  /**
   * Events with equal keys share one entry (J2). The key comes from signed fields, never from the arrival
   * time.
   */
  readonly dedupeKey: string;
  /** Time of the event, milliseconds since 1970 (Twilio's own timestamps have 1 s resolution). */
  readonly happenedAt: number;
  /** Time of arrival, milliseconds since 1970. */
  readonly receivedAt: number;
}

/** A report of a call's state. */
export interface StatusEvent extends EventBase {
  readonly kind: 'status';
  /** A signed webhook, Twilio's response to our command, or a lookup. */
  readonly source: CallSource;
  /** Absent if the webhook has no status or an unknown one. Then the call keeps its status. */
  readonly providerStatus?: ProviderStatus;
  /** Twilio's SequenceNumber. Only status callbacks have one. */
  readonly sequence?: number;
  readonly direction?: CallDirection;
  readonly from?: string;
  readonly to?: string;
  readonly parentCallSid?: string;
  readonly answeredBy?: string;
  /** Talk time in seconds. Comes with the last status. */
  readonly duration?: number;
  /** The reference in our callback URLs. It binds the call to the intent that dialed it, and to its owner. */
  readonly reference?: string;
  /** The webhook's fields exactly as received, kept as evidence. A repeated field has all its values. */
  readonly parameters?: Readonly<Record<string, string | readonly string[]>>;
}

/** A user's request to act on a call. It is kept for the record and does not change the call by itself. */
export interface CommandEvent extends EventBase {
  readonly kind: 'command';
  readonly source: 'api';
  readonly action: 'disconnect';
  /** The user who sent the request. */
  readonly user: string;
}

export type CallEvent = StatusEvent | CommandEvent;

/**
 * The effect of an event on its call.
 * - `applied`: it changed the visible state of the call.
 * - `late`: it arrived after a newer event.
 * - `duplicate`: it repeated known facts.
 */
export type Verdict = 'applied' | 'late' | 'duplicate';

/** A call's state after an entry. Times are milliseconds since 1970. */
export interface CallRecord {
  readonly callSid: string;
  readonly parentCallSid?: string;
  readonly direction: CallDirection;
  /** No event has named the direction yet, so this is the usual one for such a call. */
  readonly isDirectionAssumed?: true;
  readonly from: string;
  readonly to: string;
  readonly providerStatus: ProviderStatus;
  /** SequenceNumber of the last callback that was applied. */
  readonly sequence?: number;
  readonly answeredBy?: string;
  /** Seconds. */
  readonly duration?: number;
  /** The user who placed the call, or the owner of the parent if this is a leg. */
  readonly owner?: string;
  readonly metadata?: CallMetadata;
  readonly createdAt: number;
  readonly answeredAt?: number;
  readonly endedAt?: number;
  /** Arrival time of the latest evidence of the call's state. */
  readonly updatedAt: number;
  /** Offset of the call's first entry. Call lists sort by it, newest first. */
  readonly firstOffset: Offset;
  /** Offset of the last entry that was applied. */
  readonly offset: Offset;
}

/** One entry of the journal. */
export interface JournalEntry {
  readonly offset: Offset;
  readonly event: CallEvent;
  readonly verdict: Verdict;
  /**
   * The call's owner when the entry was written. This user may see the entry, as may users who see all calls.
   */
  readonly owner?: string;
  /**
   * The call after this entry. Present only if the event is a status and `verdict` is `applied`. The call's
   * status can be newer than the event's status: then the event contributed a different fact.
   */
  readonly call?: CallRecord;
}
