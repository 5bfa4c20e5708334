/** A rate limit with a separate allowance for each key. */
import type {Clock} from '../clock.ts';

export interface RateLimitOptions {
  /** Maximum burst, and the number of tokens per minute. */
  readonly perMinute: number;
  readonly clock: Clock;
}

interface Allowance {
  left: number;
  at: number;
}

/** Number of keys above which full allowances are removed. Removing them has no effect on their keys. */
const PRUNE_ABOVE = 10_000;

export class RateLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #allowances = new Map<string, Allowance>();

  constructor({perMinute, clock}: RateLimitOptions) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Takes one. Returns `undefined` on success, otherwise the milliseconds until one is available. */
  take(key: string): number | undefined {
    const allowance = this.#refilled(key);
    if (allowance.left >= 1) {
      allowance.left -= 1;
      return undefined;
    }
    return Math.ceil(((1 - allowance.left) * 60_000) / this.#perMinute);
  }

  /** Returns one that was not used. */
  refund(key: string): void {
    const allowance = this.#refilled(key);
    allowance.left = Math.min(this.#perMinute, allowance.left + 1);
  }

  #refilled(key: string): Allowance {
    const now = this.#clock.monotonic();
    const known = this.#allowances.get(key);
    if (known === undefined) {
      if (this.#allowances.size >= PRUNE_ABOVE) this.#prune(now);
      const fresh = {left: this.#perMinute, at: now};
      this.#allowances.set(key, fresh);
      return fresh;
    }
    known.left = Math.min(this.#perMinute, known.left + ((now - known.at) * this.#perMinute) / 60_000);
    known.at = now;
    return known;
  }

  #prune(now: number): void {
    for (const [key, {at}] of this.#allowances) if (now - at >= 60_000) this.#allowances.delete(key);
  }
}
