/** Lets so many through at once, and so many wait; whoever comes then is turned away. */

export type Passage<Result> = {readonly kind: 'passed'; readonly result: Result} | {readonly kind: 'refused'};

export interface GateOptions {
  readonly atOnce: number;
  readonly waiting: number;
}

export class ConcurrencyLimiter {
  readonly #options: GateOptions;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Does the work when it is its turn, in the order of coming; rejects as `work` does. */
  async pass<Result>(work: () => Promise<Result>): Promise<Passage<Result>> {
    if (this.#inside < this.#options.atOnce) this.#inside += 1;
    else {
      if (this.#waiting.length >= this.#options.waiting) return {kind: 'refused'};
      const {promise, resolve} = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
    try {
      return {kind: 'passed', result: await work()};
    } finally {
      // The place goes on to the next without being free in between: nobody who comes now overtakes.
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    }
  }
}
