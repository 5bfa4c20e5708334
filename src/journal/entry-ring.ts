/** Keeps the latest entries in memory, so that live readers and short resumes do not touch the disk. */
import type {JournalEntry, Offset} from './call-event.ts';

export interface EntryRingOptions {
  /** @default 1024: about one full write group, which live readers read next */
  readonly maxEntries?: number;
  /** Rough size of the entries' JSON. @default 8 MiB */
  readonly maxBytes?: number;
}

/** Invariant: the entries in memory are contiguous and end at the offset that was added last. */
export class EntryRing {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  /**
   * The first `#dropped` slots are empty. They are cut off once they fill half of the array, so a drop costs
   * O(1).
   */
  #entries: (Held | undefined)[] = [];
  #dropped = 0;
  #bytes = 0;
  #last: Offset = 0;

  constructor({maxEntries = 1024, maxBytes = 8 * 1024 * 1024}: EntryRingOptions = {}) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** Offset of the entry added last, or the offset that the ring was moved to. */
  get last(): Offset {
    return this.#last;
  }

  get #length(): number {
    return this.#entries.length - this.#dropped;
  }

  /**
   * Adds an entry. An offset other than {@link last} + 1 means that entries were missed, so the ring is
   * cleared first.
   */
  push(entry: JournalEntry, bytes: number): void {
    if (entry.offset !== this.#last + 1) this.moveTo(entry.offset - 1);
    this.#entries.push({entry, bytes});
    this.#bytes += bytes;
    this.#last = entry.offset;
    while (this.#length > this.#maxEntries || (this.#bytes > this.#maxBytes && this.#length > 1))
      this.#drop();
  }

  /** Clears the ring. The next entry is the one after `offset`. */
  moveTo(offset: Offset): void {
    this.#entries = [];
    this.#dropped = 0;
    this.#bytes = 0;
    this.#last = offset;
  }

  /**
   * Returns at most `limit` entries after `after`, or `undefined` if the first of them is no longer in
   * memory.
   */
  after(after: Offset, limit: number): readonly JournalEntry[] | undefined {
    const floor = this.#last - this.#length;
    if (after < floor) return undefined;
    const start = this.#dropped + after - floor;
    return this.#entries
      .slice(start, start + limit)
      .flatMap((held) => (held === undefined ? [] : [held.entry]));
  }

  #drop(): void {
    this.#bytes -= this.#entries[this.#dropped]?.bytes ?? 0;
    this.#entries[this.#dropped] = undefined;
    this.#dropped += 1;
    if (this.#dropped * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#dropped);
      this.#dropped = 0;
    }
  }
}

interface Held {
  readonly entry: JournalEntry;
  readonly bytes: number;
}
