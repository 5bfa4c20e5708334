/**
 * Pages of the journal for sessions that lag behind the feed's memory. Often many sessions lag in the same
 * way: all reconnected after the same outage, or read everything. So pages start at fixed offsets and are
 * read and encoded once. All sockets get the same bytes, so a thousand slow readers hold one copy.
 */
import type {Clock} from '../../clock.ts';
import type {JournalEntry, Offset} from '../../journal/call-event.ts';
import type {FollowableJournal} from '../../journal/followable-journal.ts';
import {type Batch, type FeedEntry, joinFrames, toFeedEntry} from './feed-entry.ts';
import type {VisibilityFilter} from './visibility.ts';

/** Entries per page. Pages end at multiples of it. */
const PAGE_ENTRIES = 256;
/**
 * Limits of the page cache: pages, bytes per page, and ms. Trimmed entries are not served for longer than
 * that.
 */
const MAX_PAGES = 16;
const MAX_KEPT_BYTES = 1024 * 1024;
const KEPT_MS = 5000;
/** Cached batches of a page, by visibility filter and cursor. */
const MAX_BATCHES = 16;

export type PageReading =
  | {readonly kind: 'page'; readonly page: CatchUpPage}
  /** Entries after the cursor have been trimmed. */
  | {readonly kind: 'too-old'};

export interface CatchUpPagesOptions {
  readonly journal: FollowableJournal;
  readonly clock: Clock;
  /** The current epoch of the journal. Pages of another epoch are not valid. */
  readonly epoch: () => string;
}

export class CatchUpPage {
  readonly #entries: readonly FeedEntry[];
  readonly #batches = new Map<string, Batch>();

  constructor(entries: readonly JournalEntry[]) {
    this.#entries = entries.map(toFeedEntry);
  }

  /** The offset of its last entry; 0 if it is empty. */
  get last(): Offset {
    return this.#entries.at(-1)?.offset ?? 0;
  }

  /** Total size of its frames. */
  get bytes(): number {
    return this.#entries.reduce((sum, {frame}) => sum + (frame?.length ?? 0), 0);
  }

  /** The next batch for `visibility` from cursor `after`, which is before {@link last}. */
  batch(visibility: VisibilityFilter, after: Offset): Batch {
    const key = `${after}@${visibility.key}`;
    const known = this.#batches.get(key);
    if (known !== undefined) return known;
    const start = this.#entries.findIndex(({offset}) => offset > after);
    const batch = joinFrames(this.#entries, start, visibility);
    if (this.#batches.size >= MAX_BATCHES) this.#batches.clear();
    this.#batches.set(key, batch);
    return batch;
  }
}

interface KeptPage {
  readonly reading: Promise<PageReading>;
  readonly until: number;
}

export class CatchUpPages {
  readonly #journal: FollowableJournal;
  readonly #clock: Clock;
  readonly #epoch: () => string;
  #keptOf = '';
  /** By the offset they start after, oldest first. */
  readonly #kept = new Map<Offset, KeptPage>();

  constructor({journal, clock, epoch}: CatchUpPagesOptions) {
    this.#journal = journal;
    this.#epoch = epoch;
    this.#clock = clock;
  }

  /** The page with the entry after `after` and the following ones. Rejects like the journal. */
  async read(after: Offset): Promise<PageReading> {
    const start = after - (after % PAGE_ENTRIES);
    const reading = await this.#page(start);
    // The start of the page may be trimmed, or the page was not complete yet. Then this reader gets its own
    // page.
    const isComplete = reading.kind === 'page' && reading.page.last > after;
    return isComplete || start === after ? reading : this.#readPage(after, start + PAGE_ENTRIES - after);
  }

  #page(start: Offset): Promise<PageReading> {
    if (this.#keptOf !== this.#epoch()) this.#kept.clear();
    this.#keptOf = this.#epoch();
    const now = this.#clock.monotonic();
    const kept = this.#kept.get(start);
    if (kept !== undefined && now < kept.until) return kept.reading;
    const reading = this.#readPage(start, PAGE_ENTRIES);
    this.#keep(start, {reading, until: now + KEPT_MS});
    reading.then(
      (result) => {
        if (!isKept(result, start)) this.#drop(start, reading);
      },
      () => this.#drop(start, reading),
    );
    return reading;
  }

  #keep(start: Offset, page: KeptPage): void {
    this.#kept.delete(start);
    this.#kept.set(start, page);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_PAGES) break;
      this.#kept.delete(oldest);
    }
  }

  #drop(start: Offset, reading: Promise<PageReading>): void {
    if (this.#kept.get(start)?.reading === reading) this.#kept.delete(start);
  }

  async #readPage(after: Offset, limit: number): Promise<PageReading> {
    const result = await this.#journal.read(after, limit);
    return result.kind === 'too-old'
      ? {kind: 'too-old'}
      : {kind: 'page', page: new CatchUpPage(result.entries)};
  }
}

/** An incomplete page is not cached, because it would hide later entries. */
function isKept(reading: PageReading, start: Offset): boolean {
  if (reading.kind === 'too-old') return false;
  return reading.page.last === start + PAGE_ENTRIES && reading.page.bytes <= MAX_KEPT_BYTES;
}
