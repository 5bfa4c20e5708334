/** What placing calls has cost so far: allowances that refill with time, and lines. The part of the port that decides. */
import type {Offset} from '../journal/call-event.ts';

export interface PlacementRequest {
  readonly user: string;
  /** How many calls a user may place at once, and a minute after that. */
  readonly perMinute: number;
  /** The same of all users together. */
  readonly perMinuteOfAll: number;
  readonly maxActiveCalls: number;
  /** Root calls in progress after entry `head`, as the asking node's feed has them. */
  readonly activeCalls: number;
  readonly head: Offset;
}

/**
 * `busy`: every line is taken. `user-rate`, `all-rate`: the allowance is used up, `waitMs` until there is one again.
 * `behind`: the asking node does not know of calls that others know of, and cannot count them.
 */
export type Admission =
  | {readonly kind: 'admitted'; readonly line: string}
  | {readonly kind: 'busy'}
  | {readonly kind: 'user-rate' | 'all-rate'; readonly waitMs: number}
  | {readonly kind: 'behind'};

export interface PlacementLedger {
  /** Takes a line, one from the user's allowance and one from everybody's; or nothing. @throws JournalUnavailableError */
  admit(request: PlacementRequest): Promise<Admission>;
  /**
   * Gives a line back. A call of which something was written holds it until the feed of whoever counts has come to entry
   * `written`: in between it would be nobody's. Never throws; a line that nobody gives back runs out.
   */
  release(line: string, written: Offset): void;
  /** Nothing was dialed: puts back what was taken from the allowances. Never throws. */
  refund(request: Pick<PlacementRequest, 'user' | 'perMinute' | 'perMinuteOfAll'>): void;
}
