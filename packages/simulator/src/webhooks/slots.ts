/** Lets a limited number of holders in; the others wait in line. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor({count}: {readonly count: number}) {
    this.#free = count;
  }

  /** Runs `work` as soon as there is a slot. Rejects with an AbortError when `signal` aborts before that. */
  async use<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      // Whoever gave up in the line passes the slot on.
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
