/** Time in a simulation: how many deliveries have been begun. */
export class LoadClock {
  #now = 0;
  #waiting: {readonly at: number; readonly resolve: () => void}[] = [];
  readonly #holds = new Set<{readonly at: number; readonly released: Promise<void>}>();

  get now(): number {
    return this.#now;
  }

  /** The next delivery begins, as soon as it may; resolves with its number, 0 for the first. */
  async next(): Promise<number> {
    for (let held = this.#held(); held !== undefined; held = this.#held()) await held.released;
    this.#now += 1;
    this.#wake();
    return this.#now - 1;
  }

  /** So many more deliveries are begun, and then none until the function that is returned is called. */
  hold(after: number): () => void {
    const {promise, resolve} = Promise.withResolvers<void>();
    const hold = {at: this.#now + after, released: promise};
    this.#holds.add(hold);
    return () => {
      this.#holds.delete(hold);
      resolve();
    };
  }

  /** Nothing comes any more: whoever waits for later goes on. */
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

/** Open or shut; who comes while it is shut waits. */
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
