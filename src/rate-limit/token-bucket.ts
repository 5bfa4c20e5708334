/** A rate limit for one client. */
export interface TokenBucketOptions {
  /** Maximum burst. */
  readonly burst: number;
  /** Tokens that are added per minute. */
  readonly perMinute: number;
  /** Monotonic ms at which the bucket is full. */
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

  /** Takes one if available. */
  take(monotonic: number): boolean {
    const refill = ((monotonic - this.#at) * this.#perMinute) / 60_000;
    this.#left = Math.min(this.#burst, this.#left + refill);
    this.#at = monotonic;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
