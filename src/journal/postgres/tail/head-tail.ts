/**
 * Where this node is in the journal, and the last entries in memory. Own commits are taken in as they are; what other nodes
 * commit is read from the database, woken by their notification and, beneath it, every 0.7 s.
 *
 * Invariant: `#ring`, `head` and the settling of appends change in one turn, in the order of the offsets. So whoever was told
 * of an append can read it, and nobody reads N + 1 before N (J3).
 */
import type {CancelTimer, Clock} from '../../../clock.ts';
import {JournalUnavailableError} from '../../../errors/app-error.ts';
import type {JournalEntry, Offset} from '../../call-event.ts';
import {EntryRing} from '../../entry-ring.ts';
import type {JournalOpening} from '../../journal.ts';
import type {SeenHead} from '../epoch.ts';
import type {TailPage} from '../reader/reader-queries.ts';
import type {CommittedGroup} from '../writer/postgres-writer.ts';

export interface HeadTailOptions {
  readonly clock: Clock;
  /** What comes after an offset. */
  readonly readPage: (after: Offset) => Promise<TailPage>;
  /** Has the epoch settled under the lock of the head: entries that this node has seen are gone. */
  readonly settleEpoch: () => Promise<unknown>;
  readonly onAdvance: () => void;
  readonly onEpoch: (opening: JournalOpening) => void;
  readonly onFault: (fault: Error) => void;
}

/** A notification that was lost costs this much latency, in milliseconds; with the read that follows, less than a second. */
const POLL_MS = 700;
/** How long what is durable here is kept back for entries of other nodes before it, in milliseconds. */
const PATIENCE_MS = 1000;
/** What an entry weighs besides what was read of it. */
const ENTRY_BYTES = 1200;

export class HeadTail {
  readonly #options: HeadTailOptions;
  readonly #ring = new EntryRing();
  #seen: SeenHead | undefined;
  #trimmedTo: Offset = 0;
  /** Own commits with entries of other nodes before them that are not read yet. */
  #waiting: CommittedGroup[] = [];
  /** Who has to know of everything that was committed before they asked. */
  #catchingUp: PromiseWithResolvers<void>[] = [];
  #woken = false;
  #following = false;
  /** The last page was not all there was. */
  #more = false;
  /** Why the journal cannot be read, as it was told last. */
  #told: string | undefined;
  #askingForEpoch = false;
  #telling = false;
  #stopPolling: CancelTimer | undefined;
  #cancelPatience: CancelTimer | undefined;

  constructor(options: HeadTailOptions) {
    this.#options = options;
  }

  start({epoch, head}: JournalOpening, trimmedTo: Offset): void {
    this.#seen = {epoch, head};
    this.#trimmedTo = trimmedTo;
    this.#ring.moveTo(head);
    this.#stopPolling = this.#options.clock.every(POLL_MS, () => this.wake());
  }

  stop(): void {
    this.#stopPolling?.();
    this.#stopPolling = undefined;
    this.#giveUpWaiting();
    this.#giveUpCatchingUp(new JournalUnavailableError('The journal is closed.'));
  }

  get seen(): SeenHead | undefined {
    return this.#seen;
  }

  get head(): Offset {
    return this.#seen?.head ?? 0;
  }

  get trimmedTo(): Offset {
    return this.#trimmedTo;
  }

  /** At most `limit` entries after `after`; `undefined` when the first of them is not in memory. */
  after(after: Offset, limit: number): readonly JournalEntry[] | undefined {
    return this.#ring.after(after, limit);
  }

  /** Entries up to here are gone. */
  trimmed(to: Offset): void {
    this.#trimmedTo = Math.max(this.#trimmedTo, to);
  }

  /** This node has committed. Its requests are settled once everything before them is known here as well. */
  committed(group: CommittedGroup): void {
    if (this.#stopPolling === undefined) {
      group.settle();
      return;
    }
    this.#waiting.push(group);
    if (group.opening.epoch === this.#seen?.epoch) this.trimmed(group.trimmedTo);
    else this.#begin(group.opening, group.trimmedTo);
    this.#settleWaiting();
    if (this.#waiting.length > 0) this.wake();
  }

  /** A database that commits and does not let itself be read: its answer is not waited for without end. */
  #planPatience(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#cancelPatience?.();
      this.#cancelPatience = undefined;
      return;
    }
    if (this.#cancelPatience !== undefined) return;
    const {clock} = this.#options;
    const leftMs = first.committedAt + PATIENCE_MS - clock.monotonic();
    this.#cancelPatience = clock.after(Math.max(0, leftMs), () => {
      this.#cancelPatience = undefined;
      const [oldest] = this.#waiting;
      if (oldest === undefined) return;
      if (clock.monotonic() - oldest.committedAt >= PATIENCE_MS) this.#giveUpWaiting();
      else this.#planPatience();
    });
  }

  /** Somebody else has committed, or may have. `#woken` is a latch: during a read it leads to another one. */
  wake(): void {
    this.#woken = true;
    if (this.#following) return;
    this.#following = true;
    void this.#follow();
  }

  /** Resolves once everything is known here that was committed before. @throws JournalUnavailableError */
  async catchUp(): Promise<void> {
    if (this.#stopPolling === undefined) throw new JournalUnavailableError('The journal is closed.');
    const caughtUp = Promise.withResolvers<void>();
    this.#catchingUp.push(caughtUp);
    this.wake();
    await caughtUp.promise;
  }

  async #follow(): Promise<void> {
    while (this.#woken && this.#stopPolling !== undefined) {
      this.#woken = false;
      // A read that is under way may have begun before they asked; this one has not.
      const asked = this.#catchingUp.length;
      try {
        await this.#readOn();
        this.#told = undefined;
        // What did not fit the page comes with the next one.
        if (!this.#more) for (const {resolve} of this.#catchingUp.splice(0, asked)) resolve();
      } catch (error) {
        this.#giveUpWaiting();
        this.#giveUpCatchingUp(error);
        this.#tellOnce(toError(error));
      }
    }
    this.#following = false;
  }

  /** The polls try again, and mostly meet the same. A connection that broke is often followed by what is really the matter. */
  #tellOnce(fault: Error): void {
    if (fault.message !== this.#told) this.#options.onFault(fault);
    this.#told = fault.message;
  }

  async #readOn(): Promise<void> {
    const before = this.#seen;
    if (before === undefined) return;
    const waiting = [...this.#waiting];
    const page = await this.#options.readPage(before.head);
    const {origin, head, entries, more} = page;
    const {epoch} = origin;
    this.#more = more;
    if (epoch !== this.#seen?.epoch) {
      // Unless an own commit, after the read, has told of a newer one.
      if (before.epoch === this.#seen?.epoch) this.#begin({epoch, head}, page.trimmedTo);
      this.#woken = true;
      return;
    }
    this.trimmed(page.trimmedTo);
    if (head < before.head) {
      this.#askForEpoch();
      return;
    }
    this.#takeIn(entries, page.trimmedTo);
    this.#settleWaiting();
    // A read that began after a commit sees everything before it. What it did not show is not there.
    if (entries.length === 0 && waiting.some((group) => this.#waiting.includes(group))) this.#giveUpWaiting();
    this.#woken ||= more || this.#waiting.length > 0;
  }

  /**
   * Not awaited by the loop that reads: other nodes may write before the answer's commit, and the commit is answered only
   * when that loop has read what they wrote. Should it fail, the next poll asks again.
   */
  #askForEpoch(): void {
    if (this.#askingForEpoch) return;
    this.#askingForEpoch = true;
    const asked = () => {
      this.#askingForEpoch = false;
    };
    this.#options.settleEpoch().then(asked, asked);
  }

  /** Entries that were read; own commits may have overtaken the read. */
  #takeIn(entries: readonly JournalEntry[], trimmedTo: Offset): void {
    // Below `trimmedTo` there are holes; nobody may be given what is around them.
    if (trimmedTo > this.head) this.#moveTo(trimmedTo);
    const fresh = entries.filter(({offset}) => offset > this.head);
    if (fresh[0] === undefined || fresh[0].offset !== this.head + 1) return;
    for (const entry of fresh) this.#ring.push(entry, ENTRY_BYTES);
    this.#advance(this.#ring.last);
  }

  #settleWaiting(): void {
    for (let group = this.#waiting[0]; group !== undefined; group = this.#waiting[0]) {
      const first = group.entries[0]?.offset ?? group.head + 1;
      const last = group.head;
      if (last > this.head) {
        if (first !== this.head + 1) break;
        for (const [index, entry] of group.entries.entries()) {
          this.#ring.push(entry, group.bytes[index] ?? ENTRY_BYTES);
        }
        this.#advance(last);
      }
      this.#waiting.shift();
      group.settle();
    }
    this.#planPatience();
  }

  /** The entries before own commits cannot be read now. The commits are durable all the same, and are told of. */
  #giveUpWaiting(): void {
    for (const group of this.#waiting.splice(0)) {
      if (group.head > this.head) this.#moveTo(group.head);
      group.settle();
    }
    this.#planPatience();
  }

  #giveUpCatchingUp(reason: unknown): void {
    for (const {reject} of this.#catchingUp.splice(0)) reject(reason);
  }

  /** Another history: nothing that was seen of the one before says anything. */
  #begin(opening: JournalOpening, trimmedTo: Offset): void {
    const past = this.#waiting.filter((group) => group.opening.epoch !== opening.epoch);
    this.#waiting = this.#waiting.filter((group) => !past.includes(group));
    for (const group of past) group.settle();
    this.#seen = {epoch: opening.epoch, head: opening.head};
    // It can be lower than before: what was trimmed of another history is not missing in this one.
    this.#trimmedTo = trimmedTo;
    this.#ring.moveTo(opening.head);
    this.#options.onEpoch(opening);
  }

  #moveTo(offset: Offset): void {
    this.#ring.moveTo(offset);
    this.#advance(offset);
  }

  #advance(head: Offset): void {
    if (this.#seen === undefined || head <= this.#seen.head) return;
    this.#seen = {...this.#seen, head};
    if (this.#telling) return;
    this.#telling = true;
    // Two microtasks later the appends' own callers have run, who are settled in this turn: they were promised first.
    queueMicrotask(() => queueMicrotask(() => this.#tell()));
  }

  #tell(): void {
    this.#telling = false;
    this.#options.onAdvance();
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
