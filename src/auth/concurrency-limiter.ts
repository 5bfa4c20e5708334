/** Limits concurrent work. Further work waits in a bounded queue, and work beyond the queue is refused. */

export type LimitedResult<Result> =
  | {readonly kind: 'done'; readonly result: Result}
  | {readonly kind: 'refused'};

export interface ConcurrencyLimiterOptions {
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
}

export class ConcurrencyLimiter {
  readonly #options: ConcurrencyLimiterOptions;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: ConcurrencyLimiterOptions) {
    this.#options = options;
  }

  /** Runs the work when it is its turn, first come, first served. Rejects if `work` rejects. */
  async run<Result>(work: () => Promise<Result>): Promise<LimitedResult<Result>> {
    if (this.#running < this.#options.maxConcurrent) this.#running += 1;
    else {
      if (this.#waiting.length >= this.#options.maxWaiting) return {kind: 'refused'};
      const {promise, resolve} = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
    try {
      return {kind: 'done', result: await work()};
    } finally {
      // Hands the slot over directly, so that new work cannot overtake the queue.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
