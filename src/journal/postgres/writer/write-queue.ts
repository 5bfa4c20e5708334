/**
 * The writer's unanswered requests, oldest first. Each request has its own deadline from the moment it was
 * made. The request is answered in time, however many steps precede its commit and however long each of them
 * takes.
 *
 * Invariant: a request is waiting, in the current transaction, or answered. A second answer changes nothing.
 * A caller whose request timed out finds the entry when it repeats the request.
 */
import {JournalUnavailableError} from '../../../errors/app-error.ts';
import type {AppendResult, FencedAppend} from '../../appendable-journal.ts';
import type {OpenIntentResult} from '../../dial-intent-store.ts';
import type {GroupRequest} from './write-requests.ts';

export type GroupResult = AppendResult | FencedAppend | OpenIntentResult | undefined;

export interface PendingRequest {
  readonly request: GroupRequest;
  /** Monotonic ms. */
  readonly submittedAt: number;
  readonly settle: (result: GroupResult) => void;
  readonly reject: (error: Error) => void;
}

/** Maximum time until a transaction that holds the head takes the request, in milliseconds. */
export const WAIT_MS = 3000;
/**
 * Maximum time until that transaction is committed, in milliseconds. It starts at the same moment, so the two
 * do not add up.
 */
export const COMMIT_MS = 5000;

export const OVERDUE = 'The journal could not be written in time.';

export class WriteQueue {
  #waiting: PendingRequest[] = [];
  /** Requests of the current transaction. */
  #writing: readonly PendingRequest[] = [];

  /** Number of requests that no transaction has taken yet. */
  get length(): number {
    return this.#waiting.length;
  }

  add(request: GroupRequest, submittedAt: number): Promise<GroupResult> {
    const {promise, resolve, reject} = Promise.withResolvers<GroupResult>();
    this.#waiting.push({request, submittedAt, settle: resolve, reject});
    return promise;
  }

  /** Takes at most `limit` of the oldest requests into a transaction that holds the head. */
  take(limit: number): readonly PendingRequest[] {
    this.#writing = this.#waiting.splice(0, limit);
    return this.#writing;
  }

  /** Keeps only these requests in the current transaction. */
  keep(writing: readonly PendingRequest[]): void {
    this.#writing = writing;
  }

  /** Rejects waiting requests and those of the current transaction. */
  rejectAll(error: Error): void {
    const pending = [...this.#writing, ...this.#waiting];
    this.#writing = [];
    this.#waiting = [];
    for (const {reject} of pending) reject(error);
  }

  /** Rejects requests that have waited too long. They are in the order of their deadlines. */
  rejectOverdue(now: number): void {
    const inTime = this.#waiting.findIndex(({submittedAt}) => now - submittedAt < WAIT_MS);
    const overdue = this.#waiting.splice(0, inTime === -1 ? this.#waiting.length : inTime);
    for (const {reject} of overdue) reject(new JournalUnavailableError(OVERDUE));
  }

  /** Whether the oldest request of the current transaction is past its deadline. */
  isWritingOverdue(now: number): boolean {
    const [oldest] = this.#writing;
    return oldest !== undefined && now - oldest.submittedAt >= COMMIT_MS;
  }
}
