/**
 * Decides whether a call may be placed. It counts allowances, which refill over time, and slots of active
 * calls.
 */
import type {Offset} from '../journal/call-event.ts';

export interface PlacementRequest {
  readonly user: string;
  /** Number of calls that a user may place at once, and per minute after that. */
  readonly perMinute: number;
  /** The same for all users together. */
  readonly perMinuteOfAll: number;
  readonly maxActiveCalls: number;
  /** Root calls in progress after entry `head`, according to the asking node's feed. */
  readonly activeCalls: number;
  readonly head: Offset;
}

/**
 * - `busy`: all slots are taken.
 * - `user-rate`, `all-rate`: the allowance is used up. The next call is possible in `waitMs`.
 * - `behind`: the asking node does not know all calls yet, so it cannot count them.
 */
export type Admission =
  | {readonly kind: 'admitted'; readonly slot: string}
  | {readonly kind: 'busy'}
  | {readonly kind: 'user-rate' | 'all-rate'; readonly waitMs: number}
  | {readonly kind: 'behind'};

export interface PlacementLedger {
  /** Takes a slot and one unit of both allowances, or nothing. @throws JournalUnavailableError */
  admit(request: PlacementRequest): Promise<Admission>;
  /**
   * Releases a slot. If the call has an entry, it keeps the slot until the feed of the counting node has
   * reached entry `written`. Otherwise the call would not be counted in between. Never throws. A slot that is
   * not released expires.
   */
  release(slot: string, written: Offset): void;
  /** Refunds both allowances, because nothing was dialed. Never throws. */
  refund(request: Pick<PlacementRequest, 'user' | 'perMinute' | 'perMinuteOfAll'>): void;
}
