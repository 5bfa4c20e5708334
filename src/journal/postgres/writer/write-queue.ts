/**
 * What the writer was asked and has not answered yet, oldest first. Each request carries its own deadline, from the moment it
 * was asked: however many steps lie before its commit, and whatever each of them may take, its answer comes in time.
 *
 * Invariant: a request is waiting, in the one transaction under way, or answered. An answer that comes after another one
 * changes nothing: whoever was told that it is not known finds it when he asks again.
 */
import {JournalUnavailableError} from '../../../errors/app-error.ts';
import type {AppendResult, FencedAppend, OpenIntentResult} from '../../journal.ts';
import type {GroupRequest} from './write-requests.ts';

export type GroupResult = AppendResult | FencedAppend | OpenIntentResult | undefined;

export interface PendingRequest {
  readonly request: GroupRequest;
  /** Monotonic ms. */
  readonly askedAt: number;
  readonly settle: (result: GroupResult) => void;
  readonly reject: (error: Error) => void;
}

/** Until a transaction with the head takes the request on. In milliseconds, as the next one. */
export const WAIT_MS = 3000;
/** Until its transaction is committed: from the same moment, so that it is no sum. */
export const COMMIT_MS = 5000;

export const OVERDUE = 'The journal could not be written in time.';

export class WriteQueue {
  #waiting: PendingRequest[] = [];
  /** Of the transaction under way. */
  #writing: readonly PendingRequest[] = [];

  /** Requests that no transaction has taken on. */
  get length(): number {
    return this.#waiting.length;
  }

  ask(request: GroupRequest, askedAt: number): Promise<GroupResult> {
    const {promise, resolve, reject} = Promise.withResolvers<GroupResult>();
    this.#waiting.push({request, askedAt, settle: resolve, reject});
    return promise;
  }

  /** At most `limit` of the oldest, for a transaction that has the head. */
  take(limit: number): readonly PendingRequest[] {
    this.#writing = this.#waiting.splice(0, limit);
    return this.#writing;
  }

  /** Of what was taken, only these are under way still. */
  keep(writing: readonly PendingRequest[]): void {
    this.#writing = writing;
  }

  /** Everything that waits, and what is under way. */
  rejectAll(error: Error): void {
    const pending = [...this.#writing, ...this.#waiting];
    this.#writing = [];
    this.#waiting = [];
    for (const {reject} of pending) reject(error);
  }

  /** Refuses those that have waited too long. They were asked in this order, and so they are late in it. */
  rejectLate(now: number): void {
    const inTime = this.#waiting.findIndex(({askedAt}) => now - askedAt < WAIT_MS);
    const late = this.#waiting.splice(0, inTime === -1 ? this.#waiting.length : inTime);
    for (const {reject} of late) reject(new JournalUnavailableError(OVERDUE));
  }

  /** Whether the time of the transaction under way is over: that of its oldest request. */
  isWritingLate(now: number): boolean {
    const [oldest] = this.#writing;
    return oldest !== undefined && now - oldest.askedAt >= COMMIT_MS;
  }
}
