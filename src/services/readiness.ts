/** Whether this server should be sent traffic: not while it drains, not while its journal cannot be written. */
import type {Clock} from '../clock.ts';
import type {Journal} from '../journal/journal.ts';

export interface ReadinessOptions {
  readonly journal: Journal;
  readonly clock: Clock;
}

export interface ReadinessState {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly journal: 'writable' | 'unavailable';
}

/** A probe writes to the disk: however often somebody asks, one a second is enough. */
const PROBE_VALID_MS = 1000;
const PROBE_TIMEOUT_MS = 2000;

export class Readiness {
  readonly #journal: Journal;
  readonly #clock: Clock;
  #draining = false;
  #probedAt = Number.NEGATIVE_INFINITY;
  #probe: Promise<boolean> = Promise.resolve(false);

  constructor({journal, clock}: ReadinessOptions) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** From now on, never ready again. */
  drain(): void {
    this.#draining = true;
  }

  async check(): Promise<ReadinessState> {
    const now = this.#clock.monotonic();
    if (now - this.#probedAt >= PROBE_VALID_MS) {
      this.#probedAt = now;
      this.#probe = this.#probeJournal();
    }
    const writable = await this.#probe;
    return {
      ready: writable && !this.#draining,
      draining: this.#draining,
      journal: writable ? 'writable' : 'unavailable',
    };
  }

  #probeJournal(): Promise<boolean> {
    const {promise, resolve} = Promise.withResolvers<boolean>();
    const cancel = this.#clock.after(PROBE_TIMEOUT_MS, () => resolve(false));
    this.#journal
      .probe()
      .then(() => resolve(true))
      .catch(() => resolve(false))
      .finally(cancel);
    return promise;
  }
}
