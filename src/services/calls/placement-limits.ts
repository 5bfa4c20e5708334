/** Limits of placing calls: allowed destinations, calls per minute, and calls at the same time. */
import type {Admission, PlacementLedger} from '../../cluster/placement-ledger.ts';
import {AppError} from '../../errors/app-error.ts';
import type {Offset} from '../../journal/call-event.ts';
import type {LiveFeed} from '../feed/live-feed.ts';

export interface PlacementLimitsOptions {
  readonly feed: LiveFeed;
  /** Counts calls for all nodes together. */
  readonly ledger: PlacementLedger;
  /** Prefixes that may be dialed, such as `+1` or `client:`. */
  readonly allowedDestinations: readonly string[] | 'any';
  /** Limit per user. All users together may place {@link ALL_USERS_SHARE} times as many. */
  readonly maxCallsPerMinute: number;
  readonly maxActiveCalls: number;
}

/**
 * A stolen signing key can create any number of users, so the total must not grow with the number of users.
 */
export const ALL_USERS_SHARE = 5;

/** `Retry-After` in seconds if all slots are in use. Nobody knows when one becomes free. */
const BUSY_RETRY_S = 10;
/** `Retry-After` in seconds while this node is catching up. */
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
   * Takes one call from the limit of the user, one from the limit of all users, and a slot. Returns the
   * function that releases the slot. It takes the offset of the call's first entry. @throws AppError
   * `rate_limited`, `journal_unavailable`
   */
  async admit(user: string): Promise<(written?: Offset) => void> {
    const admission = await this.#ledger.admit({
      user,
      ...this.#rates(),
      maxActiveCalls: this.#maxActiveCalls,
      // Read together: the calls are the state after the entry at the head.
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

  /** Restores the limits of a request that dialed nothing. */
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
        return new AppError('journal_unavailable', 'This node is still reading the calls in progress.', {
          retryAfterS: BEHIND_RETRY_S,
        });
    }
  }

  /** Does not count legs, which are part of a call. */
  #activeCalls(): number {
    let count = 0;
    for (const call of this.#feed.activeCalls()) if (call.parentCallSid === undefined) count += 1;
    return count;
  }
}

function refusal(message: string, limit: number, retryAfterS: number): AppError {
  return new AppError('rate_limited', message, {context: {limit}, retryAfterS});
}
