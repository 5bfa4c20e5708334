/**
 * What Twilio answered to a dial when the journal could not be written: held here until it can. Without it a call that
 * was placed would stay unknown until its first callback, and an idempotency key whose call was refused would stay
 * taken.
 */
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import {JournalUnavailableError} from '../../errors/app-error.ts';

export interface OutcomeRetryQueueOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells the journal; safe to be repeated. */
type Write = () => Promise<unknown>;

const RETRY_MS = 1000;

/** What the last attempt may take, of the few seconds that a process gets to end. */
const LAST_ATTEMPT_MS = 1000;

/** Beyond, the oldest is dropped: a callback or an expired key does its work too, only later. */
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

  /** Whether holding one more means dropping one. */
  get full(): boolean {
    return this.#held.size >= MAX_HELD;
  }

  hold(reference: string, write: Write): void {
    const [oldest] = this.#held.keys();
    if (oldest !== undefined && this.full) this.#held.delete(oldest);
    this.#held.set(reference, write);
    if (this.#stopped) this.#logger.warn({reference}, 'what became of a call is lost');
    else this.#planRetry();
  }

  /** Writes what is held of this intent. Resolves with whether that was done. @throws JournalUnavailableError */
  async settle(reference: string): Promise<boolean> {
    const write = this.#held.get(reference);
    if (write === undefined) return false;
    try {
      await write();
    } catch (error) {
      if (error instanceof JournalUnavailableError) throw error;
      this.#logger.error({err: error, reference}, 'what became of a call can never be recorded');
      this.#forget(reference, write);
      return false;
    }
    this.#forget(reference, write);
    return true;
  }

  /** Tries once more, for a moment: whoever stops this has the journal open still. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    if (this.#held.size === 0) return;
    const {promise: deadline, resolve} = Promise.withResolvers<void>();
    const cancelDeadline = this.#clock.after(LAST_ATTEMPT_MS, resolve);
    await Promise.race([this.#settleAll(), deadline]);
    cancelDeadline();
    if (this.#held.size > 0) this.#logger.warn({outcomes: this.#held.size}, 'what became of calls is lost');
  }

  /** Another outcome of the same intent may have come while this one was written. */
  #forget(reference: string, written: Write): void {
    if (this.#held.get(reference) === written) this.#held.delete(reference);
  }

  #planRetry(): void {
    if (this.#stopped || this.#cancelRetry !== undefined || this.#held.size === 0) return;
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => void this.#retry());
  }

  async #retry(): Promise<void> {
    await this.#settleAll();
    this.#cancelRetry = undefined;
    this.#planRetry();
  }

  /** All at once, which is one transaction, and each by itself: one that fails is in nobody's way. */
  async #settleAll(): Promise<void> {
    const attempts = await Promise.allSettled([...this.#held.keys()].map((each) => this.settle(each)));
    const failed = attempts.find((attempt) => attempt.status === 'rejected');
    if (failed !== undefined) this.#logger.debug({err: failed.reason}, 'the journal still cannot be written');
  }
}
