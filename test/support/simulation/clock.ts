/** Time in a simulation, counted in started deliveries. */
export class LoadClock {
  #now = 0;
  #waiting: {readonly at: number; readonly resolve: () => void}[] = [];
  readonly #holds = new Set<{readonly at: number; readonly released: Promise<void>}>();

  get now(): number {
    return this.#now;
  }

  /** Starts the next delivery once allowed. Resolves with its index. */
  async next(): Promise<number> {
    for (let held = this.#held(); held !== undefined; held = this.#held()) await held.released;
    this.#now += 1;
    this.#wake();
    return this.#now - 1;
  }

  /** Holds further deliveries after `after` more, until the returned function is called. */
  hold(after: number): () => void {
    const {promise, resolve} = Promise.withResolvers<void>();
    const hold = {at: this.#now + after, released: promise};
    this.#holds.add(hold);
    return () => {
      this.#holds.delete(hold);
      resolve();
    };
  }

  /** Ends the simulation's time, so that all waits resolve. */
  end(): void {
    this.#now = Number.POSITIVE_INFINITY;
    this.#wake();
  }

  /** Resolves once `at` deliveries have been begun. */
  reached(at: number): Promise<void> {
    if (this.#now >= at) return Promise.resolve();
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#waiting.push({at, resolve});
    return promise;
  }

  #held() {
    return [...this.#holds].find(({at}) => this.#now >= at);
  }

  #wake(): void {
    const due = this.#waiting.filter(({at}) => at <= this.#now);
    this.#waiting = this.#waiting.filter(({at}) => at > this.#now);
    for (const {resolve} of due) resolve();
  }
}

/** A gate: `passed` resolves while it is open. */
export class Gate {
  #opened = Promise.withResolvers<void>();
  #open = false;

  get isOpen(): boolean {
    return this.#open;
  }

  open(): void {
    this.#open = true;
    this.#opened.resolve();
  }

  shut(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#opened = Promise.withResolvers<void>();
  }

  passed(): Promise<void> {
    return this.#opened.promise;
  }
}
