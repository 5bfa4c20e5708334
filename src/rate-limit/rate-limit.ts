/** An allowance that refills with time, one for each key. */
import type {Clock} from '../clock.ts';

export interface RateLimitOptions {
  /** How many at once, and how many a minute after that. */
  readonly perMinute: number;
  readonly clock: Clock;
}

interface Allowance {
  left: number;
  at: number;
}

/** Keys that are remembered; beyond, those with a full allowance are forgotten, which changes nothing for them. */
const PRUNE_ABOVE = 10_000;

export class RateLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #allowances = new Map<string, Allowance>();

  constructor({perMinute, clock}: RateLimitOptions) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Takes one; `undefined` if it was there, else the milliseconds until one is. */
  take(key: string): number | undefined {
    const allowance = this.#refilled(key);
    if (allowance.left >= 1) {
      allowance.left -= 1;
      return undefined;
    }
    return Math.ceil(((1 - allowance.left) * 60_000) / this.#perMinute);
  }

  /** Puts one back that was not used after all. */
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
