/** Limits the number of concurrent tasks. Further tasks wait in a queue. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor({count}: {readonly count: number}) {
    this.#free = count;
  }

  /** Runs `work` when a slot is free. Rejects with an AbortError if `signal` aborts before that. */
  async use<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      // An aborted task passes its slot on to the next one in the queue.
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#give();
    }
  }

  #take(): Promise<void> | void {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
