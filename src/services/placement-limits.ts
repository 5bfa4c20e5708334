/** What placing calls may cost: where to, how often, how many at a time. */
import type {Clock} from '../clock.ts';
import {AppError} from '../errors/app-error.ts';
import type {Offset} from '../journal/call-event.ts';
import type {LiveFeed} from './live-feed.ts';
import {RateLimit} from './rate-limit.ts';

export interface PlacementLimitsOptions {
  readonly feed: LiveFeed;
  readonly clock: Clock;
  /** Prefixes that may be dialled, such as `+1` or `client:`. */
  readonly allowedDestinations: readonly string[] | 'any';
  /** A user; all of them together may place {@link ALL_USERS_SHARE} times as many. */
  readonly maxCallsPerMinute: number;
  readonly maxActiveCalls: number;
}

/** A stolen signing key makes as many users as it likes: what they may cost together must not grow with their number. */
export const ALL_USERS_SHARE = 5;

/** The allowance that is everybody's; of it there is one. */
const EVERYBODY = '';

/** Advice for a client that finds all lines taken, in seconds: when one comes free, nobody knows. */
const BUSY_RETRY_S = 10;

export class PlacementLimits {
  readonly #feed: LiveFeed;
  readonly #allowedDestinations: readonly string[] | 'any';
  readonly #maxCallsPerMinute: number;
  readonly #maxActiveCalls: number;
  readonly #rate: RateLimit;
  readonly #rateOfAll: RateLimit;
  /** Admitted, and not among the calls in progress yet. */
  #underWay = 0;

  constructor(options: PlacementLimitsOptions) {
    this.#feed = options.feed;
    this.#allowedDestinations = options.allowedDestinations;
    this.#maxCallsPerMinute = options.maxCallsPerMinute;
    this.#maxActiveCalls = options.maxActiveCalls;
    const {maxCallsPerMinute, clock} = options;
    this.#rate = new RateLimit({perMinute: maxCallsPerMinute, clock});
    this.#rateOfAll = new RateLimit({perMinute: maxCallsPerMinute * ALL_USERS_SHARE, clock});
  }

  /** @throws AppError `forbidden` for a number outside ALLOWED_DESTINATIONS */
  checkDestinations({to, connectTo}: {readonly to: string; readonly connectTo?: string}): void {
    const allowed = this.#allowedDestinations;
    if (allowed === 'any') return;
    for (const [field, number] of Object.entries({to, connectTo})) {
      if (number === undefined || allowed.some((prefix) => number.startsWith(prefix))) continue;
      throw new AppError('forbidden', 'This destination may not be dialled (ALLOWED_DESTINATIONS).', {
        context: {field, allowed},
      });
    }
  }

  /**
   * Takes one from the user's allowance, one from everybody's, and a line; returns how to give the line back, which is told the offset of
   * what was written of the call. @throws AppError `rate_limited`
   */
  admit(user: string): (written?: Offset) => void {
    if (this.#activeCalls() + this.#underWay >= this.#maxActiveCalls) {
      throw new AppError('rate_limited', 'Too many calls are in progress (MAX_ACTIVE_CALLS).', {
        context: {limit: this.#maxActiveCalls},
        retryAfterS: BUSY_RETRY_S,
      });
    }
    const waitMs = this.#rate.take(user);
    if (waitMs !== undefined) {
      throw new AppError('rate_limited', 'Too many calls a minute (MAX_CALLS_PER_MINUTE).', {
        context: {limit: this.#maxCallsPerMinute},
        retryAfterS: Math.ceil(waitMs / 1000),
      });
    }
    const waitForAllMs = this.#rateOfAll.take(EVERYBODY);
    if (waitForAllMs !== undefined) {
      this.#rate.giveBack(user);
      throw new AppError(
        'rate_limited',
        'All users together place too many calls a minute (MAX_CALLS_PER_MINUTE).',
        {
          context: {limit: this.#maxCallsPerMinute * ALL_USERS_SHARE},
          retryAfterS: Math.ceil(waitForAllMs / 1000),
        },
      );
    }
    this.#underWay += 1;
    let held = true;
    return (written = 0) => {
      if (held) this.#giveLineBack(written);
      held = false;
    };
  }

  /** A call counts as under way until the feed counts it: in between it would be nobody's. */
  #giveLineBack(written: Offset): void {
    if (written <= this.#feed.head) {
      this.#underWay -= 1;
      return;
    }
    const unsubscribe = this.#feed.onAdvance(() => {
      if (written > this.#feed.head) return;
      unsubscribe();
      this.#underWay -= 1;
    });
  }

  /** The request dialled nothing: it does not count. */
  giveBack(user: string): void {
    this.#rate.giveBack(user);
    this.#rateOfAll.giveBack(EVERYBODY);
  }

  /** Legs of a call are part of it. */
  #activeCalls(): number {
    let count = 0;
    for (const call of this.#feed.activeCalls()) if (call.parentCallSid === undefined) count += 1;
    return count;
  }
}
