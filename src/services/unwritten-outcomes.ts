/**
 * What Twilio answered to a dial when the journal could not be written: held here until it can. Without it a call that
 * was placed would stay unknown until its first callback, and an idempotency key whose call was refused would stay
 * taken.
 */
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../clock.ts';

export interface UnwrittenOutcomesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells the journal; safe to be repeated. */
type Write = () => Promise<unknown>;

const RETRY_MS = 1000;

/** Beyond, the oldest is dropped: a callback or an expired key does its work too, only later. */
const MAX_HELD = 1000;

export class UnwrittenOutcomes {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By the reference of the intent. */
  readonly #held = new Map<string, Write>();
  #cancelRetry: CancelTimer | undefined;
  #stopped = false;

  constructor({clock, logger}: UnwrittenOutcomesOptions) {
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
    this.#planRetry();
  }

  /** Writes what is held of this intent. Resolves with whether there was something. @throws JournalUnavailableError */
  async settle(reference: string): Promise<boolean> {
    const write = this.#held.get(reference);
    if (write === undefined) return false;
    await write();
    this.#held.delete(reference);
    return true;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
    if (this.#held.size > 0) this.#logger.warn({outcomes: this.#held.size}, "Twilio's answers are lost");
  }

  #planRetry(): void {
    if (this.#stopped || this.#cancelRetry !== undefined || this.#held.size === 0) return;
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => void this.#retry());
  }

  async #retry(): Promise<void> {
    try {
      for (const reference of [...this.#held.keys()]) await this.settle(reference);
    } catch (error) {
      this.#logger.debug({err: error}, 'the journal still cannot be written');
    }
    this.#cancelRetry = undefined;
    this.#planRetry();
  }
}
