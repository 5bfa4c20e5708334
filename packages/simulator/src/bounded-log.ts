/** Keeps the latest entries, oldest first. */
export class BoundedLog<T> {
  readonly #limit: number;
  #entries: T[] = [];

  constructor({limit}: {readonly limit: number}) {
    this.#limit = limit;
  }

  add(entry: T): void {
    this.#entries.push(entry);
    // Trim in batches, because shifting a long array for every entry costs too much.
    if (this.#entries.length > this.#limit * 2) this.#entries = this.#entries.slice(-this.#limit);
  }

  list(): readonly T[] {
    return this.#entries;
  }

  remove(isUnwanted: (entry: T) => boolean): void {
    this.#entries = this.#entries.filter((entry) => !isUnwanted(entry));
  }

  clear(): void {
    this.#entries = [];
  }
}
