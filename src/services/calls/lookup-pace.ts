/** How often Twilio is asked about silent calls, and when not at all (J6). */
import type {Clock} from '../../clock.ts';
import {RateLimit} from '../../rate-limit/rate-limit.ts';
import type {ProviderFault} from '../../twilio/twilio-client.ts';

export interface LookupPaceOptions {
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** Calls that are looked up by themselves. @default 60 */
  readonly maxLookupsPerMinute?: number;
}

const DEFAULT_MAX_LOOKUPS_PER_MINUTE = 60;
/** From one reading of the lists to the next. */
const LISTS_EVERY_MS = 2000;
/** At most so many pages: 120 a minute, however many calls there are. */
const MS_PER_PAGE = 500;
const MAX_JITTER_MS = 500;

const FIRST_PAUSE_MS = 2000;
const MAX_PAUSE_MS = 60_000;
/** Bounds the pause that a `Retry-After` header can ask for. */
const MAX_RETRY_AFTER_MS = 600_000;

export class LookupPace {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #limit: RateLimit;
  /** Monotonic ms. */
  #askAt = 0;
  #listAt = 0;
  /** Failures in a row. */
  #throttled = 0;
  #listFailures = 0;

  constructor({clock, random, maxLookupsPerMinute = DEFAULT_MAX_LOOKUPS_PER_MINUTE}: LookupPaceOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#limit = new RateLimit({perMinute: maxLookupsPerMinute, clock});
  }

  /** Whether Twilio may be asked anything. Not while it has asked for a pause (429). */
  get mayAsk(): boolean {
    return this.#clock.monotonic() >= this.#askAt;
  }

  /** Whether the lists may be read now. */
  get mayList(): boolean {
    return this.mayAsk && this.#clock.monotonic() >= this.#listAt;
  }

  /** Whether the last reading of the lists failed, so that calls are looked up by themselves until the next one. */
  get listsFail(): boolean {
    return this.#listFailures > 0;
  }

  /** Takes one look-up of one call; `false` when the allowance is used up. */
  takeLookup(): boolean {
    return this.#limit.take('lookups') === undefined;
  }

  /** The lists were read, in so many requests, beginning at `startedAt`. */
  listed({startedAt, requests}: {readonly startedAt: number; readonly requests: number}): void {
    this.#listFailures = 0;
    this.#listAt = startedAt + Math.max(LISTS_EVERY_MS, requests * MS_PER_PAGE) + this.#jitter();
  }

  /** A list could not be read. Where Twilio asked for a pause, the lists are as good as before after it. */
  listFailed(fault: ProviderFault): void {
    if (this.refused(fault)) return;
    this.#listFailures += 1;
    this.#listAt = this.#clock.monotonic() + pauseMs(this.#listFailures) + this.#jitter();
  }

  /** Twilio answered a request. */
  answered(): void {
    this.#throttled = 0;
  }

  /** A request failed. Where Twilio has too many, or says when to come back, it is asked nothing until then: `true`. */
  refused({status, retryAfterMs}: ProviderFault): boolean {
    if (status !== 429 && retryAfterMs === undefined) return false;
    // Requests that were under way together are refused together: that counts once.
    if (this.mayAsk) this.#throttled += 1;
    const wantedMs = Math.min(MAX_RETRY_AFTER_MS, retryAfterMs ?? 0);
    const untilAt = this.#clock.monotonic() + Math.max(wantedMs, pauseMs(this.#throttled)) + this.#jitter();
    this.#askAt = Math.max(this.#askAt, untilAt);
    return true;
  }

  #jitter(): number {
    return this.#random() * MAX_JITTER_MS;
  }
}

function pauseMs(failures: number): number {
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
}
