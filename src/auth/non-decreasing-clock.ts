/**
 * The time by which tokens end. The wall clock can be put back, and a token that has ended would be good again; this one goes on
 * from the latest that the wall clock ever said in this process, by the monotonic clock.
 */
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';

/** A clock that is set right by less is not worth a word. */
const WORTH_A_WORD_MS = 60_000;

export interface NonDecreasingClockOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

export class NonDecreasingClock {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** What the wall clock is ahead of the monotonic one at most. */
  #ahead = Number.NEGATIVE_INFINITY;
  #told = false;

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
    if (now - wall > WORTH_A_WORD_MS) this.#tell(now - wall);
    return now;
  }

  #tell(backMs: number): void {
    if (this.#told) return;
    this.#told = true;
    this.#logger.warn(
      {backMs: Math.round(backMs)},
      'the clock was put back; tokens end by what it said before, until a restart',
    );
  }
}
