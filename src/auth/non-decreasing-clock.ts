/**
 * The clock for the end of tokens. If the wall clock is set back, a token that has ended would be valid
 * again. So this clock continues from the latest time that the wall clock has shown in this process, by the
 * monotonic clock.
 */
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';

/** Smaller corrections of the clock are not logged. */
const WARN_ABOVE_MS = 60_000;

export interface NonDecreasingClockOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

export class NonDecreasingClock {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Maximum lead of the wall clock over the monotonic clock. */
  #ahead = Number.NEGATIVE_INFINITY;
  #warned = false;

  constructor({clock, logger}: NonDecreasingClockOptions) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Milliseconds since 1970; never goes back. */
  now(): number {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    this.#ahead = Math.max(this.#ahead, wall - monotonic);
    const now = monotonic + this.#ahead;
    if (now - wall > WARN_ABOVE_MS) this.#warn(now - wall);
    return now;
  }

  #warn(backMs: number): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(
      {backMs: Math.round(backMs)},
      'the clock was set back; until a restart, tokens end by the time it showed before',
    );
  }
}
