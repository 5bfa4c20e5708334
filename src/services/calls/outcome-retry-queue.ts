/**
 * Outcomes of dial requests that could not be written to the journal, kept until they can. Otherwise a placed
 * call would be unknown until its first callback, and the idempotency key of a refused call would stay in
 * use.
 */
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import {JournalUnavailableError} from '../../errors/app-error.ts';

export interface OutcomeRetryQueueOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Writes the outcome to the journal. Safe to repeat. */
type Write = () => Promise<unknown>;

const RETRY_MS = 1000;

/** Limit of the last attempt, because a process has only a few seconds to stop. */
const LAST_ATTEMPT_MS = 1000;

/**
 * Above this, the oldest outcome is dropped. A callback or the expiry of the key has the same effect, only
 * later.
 */
const MAX_HELD = 1000;

export class OutcomeRetryQueue {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By the reference of the intent. */
  readonly #held = new Map<string, Write>();
  #cancelRetry: CancelTimer | undefined;
  #stopped = false;

  constructor({clock, logger}: OutcomeRetryQueueOptions) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Whether adding an outcome would drop another. */
  get full(): boolean {
    return this.#held.size >= MAX_HELD;
  }

  hold(reference: string, write: Write): void {
    const [oldest] = this.#held.keys();
    if (oldest !== undefined && this.full) this.#held.delete(oldest);
    this.#held.set(reference, write);
    if (this.#stopped) this.#logger.warn({reference}, 'lost the outcome of a call: the server is stopping');
    else this.#scheduleRetry();
  }

  /**
   * Writes the queued outcome of this intent. Resolves with whether there was one. @throws
   * JournalUnavailableError
   */
  async settle(reference: string): Promise<boolean> {
    const write = this.#held.get(reference);
    if (write === undefined) return false;
    try {
      await write();
    } catch (error) {
      if (error instanceof JournalUnavailableError) throw error;
      this.#logger.error({err: error, reference}, 'cannot record the outcome of a call');
      this.#forget(reference, write);
      return false;
    }
    this.#forget(reference, write);
    return true;
  }

  /** Makes a last, short attempt. The journal must still be open. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    if (this.#held.size === 0) return;
    const {promise: deadline, resolve} = Promise.withResolvers<void>();
    const cancelDeadline = this.#clock.after(LAST_ATTEMPT_MS, resolve);
    await Promise.race([this.#settleAll(), deadline]);
    cancelDeadline();
    if (this.#held.size > 0) this.#logger.warn({outcomes: this.#held.size}, 'lost the outcomes of calls');
  }

  /** Another outcome of the same intent may have been added during the write. */
  #forget(reference: string, written: Write): void {
    if (this.#held.get(reference) === written) this.#held.delete(reference);
  }

  #scheduleRetry(): void {
    if (this.#stopped || this.#cancelRetry !== undefined || this.#held.size === 0) return;
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => void this.#retry());
  }

  async #retry(): Promise<void> {
    await this.#settleAll();
    this.#cancelRetry = undefined;
    this.#scheduleRetry();
  }

  /**
   * Writes all outcomes at once, in one transaction, but separately, so that a failure does not affect the
   * others.
   */
  async #settleAll(): Promise<void> {
    const attempts = await Promise.allSettled([...this.#held.keys()].map((each) => this.settle(each)));
    const failed = attempts.find((attempt) => attempt.status === 'rejected');
    if (failed !== undefined) this.#logger.debug({err: failed.reason}, 'the journal is still not writable');
  }
}
