/** Deletes calls that ended long ago (J8), a few at a time. */
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {Lease} from '../../cluster/cluster.ts';
import type {JournalMaintenance} from '../../journal/journal-maintenance.ts';

export interface RetentionOptions {
  readonly journal: JournalMaintenance;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionDays: number;
  /** Only the holder of the lease deletes calls. */
  readonly lease: Lease;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const ROUND_MS = 10 * 60 * 1000;
/** Delay of the first round, so that it does not slow down the start. */
const FIRST_ROUND_MS = 30_000;
const CALLS_PER_STEP = 200;
/** Pause between two steps, in which appends can use the journal. */
const STEP_PAUSE_MS = 50;

export class Retention {
  readonly #journal: JournalMaintenance;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #retentionDays: number;
  readonly #lease: Lease;
  #cancel: CancelTimer | undefined;
  #stopped = false;

  constructor({journal, clock, logger, retentionDays, lease}: RetentionOptions) {
    this.#journal = journal;
    this.#clock = clock;
    this.#logger = logger;
    this.#retentionDays = retentionDays;
    this.#lease = lease;
  }

  start(): void {
    this.#plan(FIRST_ROUND_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #plan(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#clock.after(delayMs, () => void this.#step());
  }

  /** Two nodes at the same time would slow each other down but do no harm, because deletion is idempotent. */
  async #isOurs(): Promise<boolean> {
    return this.#lease.held && (await this.#lease.confirm()) !== undefined;
  }

  async #step(): Promise<void> {
    try {
      if (!(await this.#isOurs())) {
        this.#plan(ROUND_MS);
        return;
      }
      const endedBefore = this.#clock.now() - this.#retentionDays * DAY_MS;
      const trimmed = await this.#journal.trim({endedBefore, limit: CALLS_PER_STEP});
      if (trimmed > 0) this.#logger.debug({calls: trimmed}, 'deleted old calls');
      // Legs are deleted with their call, so the result can exceed the limit.
      this.#plan(trimmed >= CALLS_PER_STEP ? STEP_PAUSE_MS : ROUND_MS);
    } catch (error) {
      this.#logger.warn({err: error}, 'could not delete old calls, retrying later');
      this.#plan(ROUND_MS);
    }
  }
}
