/** The last entries of the journal in memory: live readers and short resumes never touch the disk. */
import type {JournalEntry, Offset} from './call-event.ts';

export interface EntryRingOptions {
  /** @default 1024: as many as one group of the writer, which whoever follows the head reads next */
  readonly maxEntries?: number;
  /** Rough size of the entries' JSON. @default 8 MiB */
  readonly maxBytes?: number;
}

/** Invariant: what is held is contiguous and ends at the offset last added. */
export class EntryRing {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  /** The first `#dropped` are gone; they are cut off once they are half of the array, so that a drop costs O(1). */
  #entries: (Held | undefined)[] = [];
  #dropped = 0;
  #bytes = 0;
  #last: Offset = 0;

  constructor({maxEntries = 1024, maxBytes = 8 * 1024 * 1024}: EntryRingOptions = {}) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** Offset of the last entry added, or where the ring was moved to. */
  get last(): Offset {
    return this.#last;
  }

  get #length(): number {
    return this.#entries.length - this.#dropped;
  }

  /** Adds the entry after {@link last}; any other means that some were missed, and what was held is of no use. */
  push(entry: JournalEntry, bytes: number): void {
    if (entry.offset !== this.#last + 1) this.moveTo(entry.offset - 1);
    this.#entries.push({entry, bytes});
    this.#bytes += bytes;
    this.#last = entry.offset;
    while (this.#length > this.#maxEntries || (this.#bytes > this.#maxBytes && this.#length > 1))
      this.#drop();
  }

  /** Starts anew after `offset`. */
  moveTo(offset: Offset): void {
    this.#entries = [];
    this.#dropped = 0;
    this.#bytes = 0;
    this.#last = offset;
  }

  /** At most `limit` entries after `after`; `undefined` when the first of them is not held any more. */
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
