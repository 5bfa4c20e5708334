/** What placing calls may cost: where to, how often, how many at a time. */
import type {Admission, PlacementLedger} from '../../cluster/placement-ledger.ts';
import {AppError} from '../../errors/app-error.ts';
import type {Offset} from '../../journal/call-event.ts';
import type {LiveFeed} from '../feed/live-feed.ts';

export interface PlacementLimitsOptions {
  readonly feed: LiveFeed;
  /** Where it is reckoned, for all nodes together. */
  readonly ledger: PlacementLedger;
  /** Prefixes that may be dialed, such as `+1` or `client:`. */
  readonly allowedDestinations: readonly string[] | 'any';
  /** A user; all of them together may place {@link ALL_USERS_SHARE} times as many. */
  readonly maxCallsPerMinute: number;
  readonly maxActiveCalls: number;
}

/** A stolen signing key makes as many users as it likes: what they may cost together must not grow with their number. */
export const ALL_USERS_SHARE = 5;

/** Advice for a client that finds all lines taken, in seconds: when one comes free, nobody knows. */
const BUSY_RETRY_S = 10;
/** The same where this node has to catch up first. */
const BEHIND_RETRY_S = 1;

export class PlacementLimits {
  readonly #feed: LiveFeed;
  readonly #ledger: PlacementLedger;
  readonly #allowedDestinations: readonly string[] | 'any';
  readonly #perMinute: number;
  readonly #maxActiveCalls: number;

  constructor(options: PlacementLimitsOptions) {
    this.#feed = options.feed;
    this.#ledger = options.ledger;
    this.#allowedDestinations = options.allowedDestinations;
    this.#perMinute = options.maxCallsPerMinute;
    this.#maxActiveCalls = options.maxActiveCalls;
  }

  /** @throws AppError `forbidden` for a number outside ALLOWED_DESTINATIONS */
  checkDestinations({to, connectTo}: {readonly to: string; readonly connectTo?: string}): void {
    const allowed = this.#allowedDestinations;
    if (allowed === 'any') return;
    for (const [field, number] of Object.entries({to, connectTo})) {
      if (number === undefined || allowed.some((prefix) => number.startsWith(prefix))) continue;
      throw new AppError('forbidden', 'This destination may not be dialed (ALLOWED_DESTINATIONS).', {
        context: {field, allowed},
      });
    }
  }

  /**
   * Takes one from the user's allowance, one from everybody's, and a line; returns how to give the line back, which is told the offset of
   * what was written of the call. @throws AppError `rate_limited`, `journal_unavailable`
   */
  async admit(user: string): Promise<(written?: Offset) => void> {
    const admission = await this.#ledger.admit({
      user,
      ...this.#rates(),
      maxActiveCalls: this.#maxActiveCalls,
      // One look: the calls are as the entries up to the head left them.
      activeCalls: this.#activeCalls(),
      head: this.#feed.head,
    });
    if (admission.kind !== 'admitted') throw this.#refusal(admission);
    let held = true;
    return (written = 0) => {
      if (held) this.#ledger.release(admission.slot, written);
      held = false;
    };
  }

  /** The request dialed nothing: it does not count. */
  refund(user: string): void {
    this.#ledger.refund({user, ...this.#rates()});
  }

  #rates() {
    return {perMinute: this.#perMinute, perMinuteOfAll: this.#perMinute * ALL_USERS_SHARE};
  }

  #refusal(admission: Exclude<Admission, {kind: 'admitted'}>): AppError {
    switch (admission.kind) {
      case 'busy':
        return refusal(
          'Too many calls are in progress (MAX_ACTIVE_CALLS).',
          this.#maxActiveCalls,
          BUSY_RETRY_S,
        );
      case 'user-rate':
        return refusal(
          'Too many calls a minute (MAX_CALLS_PER_MINUTE).',
          this.#perMinute,
          Math.ceil(admission.waitMs / 1000),
        );
      case 'all-rate':
        return refusal(
          'All users together place too many calls a minute (MAX_CALLS_PER_MINUTE).',
          this.#perMinute * ALL_USERS_SHARE,
          Math.ceil(admission.waitMs / 1000),
        );
      case 'behind':
        return new AppError('journal_unavailable', 'This node does not know of all calls in progress yet.', {
          retryAfterS: BEHIND_RETRY_S,
        });
    }
  }

  /** Legs of a call are part of it. */
  #activeCalls(): number {
    let count = 0;
    for (const call of this.#feed.activeCalls()) if (call.parentCallSid === undefined) count += 1;
    return count;
  }
}

function refusal(message: string, limit: number, retryAfterS: number): AppError {
  return new AppError('rate_limited', message, {context: {limit}, retryAfterS});
}
