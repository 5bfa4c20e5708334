/** The rate of look-ups at Twilio, and the pauses between them (J6). */
import type {Clock} from '../../clock.ts';
import {RateLimit} from '../../rate-limit/rate-limit.ts';
import type {ProviderFault} from '../../twilio/twilio-client.ts';

export interface LookupPaceOptions {
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** Limit of individual look-ups. @default 60 */
  readonly maxLookupsPerMinute?: number;
}

const DEFAULT_MAX_LOOKUPS_PER_MINUTE = 60;
/** Minimum time from one read of the lists to the next. */
const LISTS_EVERY_MS = 2000;
/** Limits list pages to 120 a minute, for any number of calls. */
const MS_PER_PAGE = 500;
const MAX_JITTER_MS = 500;

const FIRST_PAUSE_MS = 2000;
const MAX_PAUSE_MS = 60_000;
/** Upper bound of a pause that a `Retry-After` header can request. */
const MAX_RETRY_AFTER_MS = 600_000;

export class LookupPace {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #limit: RateLimit;
  /** Monotonic ms. */
  #askAt = 0;
  #listAt = 0;
  /** Consecutive failures. */
  #throttled = 0;
  #listFailures = 0;

  constructor({clock, random, maxLookupsPerMinute = DEFAULT_MAX_LOOKUPS_PER_MINUTE}: LookupPaceOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#limit = new RateLimit({perMinute: maxLookupsPerMinute, clock});
  }

  /** Whether requests to Twilio are allowed. Not during a pause that Twilio has requested (429). */
  get mayAsk(): boolean {
    return this.#clock.monotonic() >= this.#askAt;
  }

  /** Whether the lists may be read now. */
  get mayList(): boolean {
    return this.mayAsk && this.#clock.monotonic() >= this.#listAt;
  }

  /** Whether the last read of the lists failed. Until the next read, calls are looked up individually. */
  get listsFail(): boolean {
    return this.#listFailures > 0;
  }

  /** Takes one individual look-up from the limit; `false` if the limit is used up. */
  takeLookup(): boolean {
    return this.#limit.take('lookups') === undefined;
  }

  /** The lists were read with this number of requests, starting at `startedAt`. */
  handleListRead({startedAt, requests}: {readonly startedAt: number; readonly requests: number}): void {
    this.#listFailures = 0;
    this.#listAt = startedAt + Math.max(LISTS_EVERY_MS, requests * MS_PER_PAGE) + this.#jitter();
  }

  /** A list could not be read. After a pause that Twilio requested, the lists can be read again as before. */
  handleListFailure(fault: ProviderFault): void {
    if (this.handleFailure(fault)) return;
    this.#listFailures += 1;
    this.#listAt = this.#clock.monotonic() + pauseMs(this.#listFailures) + this.#jitter();
  }

  /** Twilio answered a request. */
  handleAnswer(): void {
    this.#throttled = 0;
  }

  /**
   * A request failed. Returns `true` if Twilio requested a pause (429 or `Retry-After`). No requests are sent
   * in it.
   */
  handleFailure({status, retryAfterMs}: ProviderFault): boolean {
    if (status !== 429 && retryAfterMs === undefined) return false;
    // Concurrent requests are refused together, so they count as one failure.
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
