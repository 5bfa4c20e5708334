/** Simulated time: what is planned happens in order of its time, and what is due at the same time in order of planning. */

interface Planned {
  readonly at: number;
  readonly place: number;
  readonly act: () => void;
}

export class Timeline {
  /** A binary heap. */
  readonly #planned: Planned[] = [];
  #places = 0;
  #now = 0;

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  after(delayMs: number, act: () => void): void {
    const planned = {at: this.#now + delayMs, place: this.#places, act};
    this.#places += 1;
    let index = this.#planned.push(planned) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Until nothing is planned any more. */
  run(): void {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      this.#now = next.at;
      next.act();
    }
  }

  #take(): Planned | undefined {
    const first = this.#planned[0];
    const last = this.#planned.pop();
    if (first === undefined || last === undefined || first === last) return first;
    this.#planned[0] = last;
    let index = 0;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      let least = index;
      if (left < this.#planned.length && this.#isBefore(left, least)) least = left;
      if (right < this.#planned.length && this.#isBefore(right, least)) least = right;
      if (least === index) return first;
      this.#swap(index, least);
      index = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#planned[one], this.#planned[other]];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.place < b.place);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#planned[one], this.#planned[other]];
    if (a === undefined || b === undefined) return;
    this.#planned[one] = b;
    this.#planned[other] = a;
  }
}
