/** An allowance of one client that refills with time. */
export interface TokenBucketOptions {
  /** How many at once. */
  readonly burst: number;
  /** How many come back in a minute. */
  readonly perMinute: number;
  /** Monotonic ms at which it is full. */
  readonly at: number;
}

export class TokenBucket {
  readonly #burst: number;
  readonly #perMinute: number;
  #left: number;
  #at: number;

  constructor({burst, perMinute, at}: TokenBucketOptions) {
    this.#burst = this.#left = burst;
    this.#perMinute = perMinute;
    this.#at = at;
  }

  /** Takes one, if there is one. */
  take(monotonic: number): boolean {
    const refill = ((monotonic - this.#at) * this.#perMinute) / 60_000;
    this.#left = Math.min(this.#burst, this.#left + refill);
    this.#at = monotonic;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
