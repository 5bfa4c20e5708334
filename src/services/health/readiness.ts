/** Whether this server should be sent traffic: not while it drains, not while its journal cannot be written. */
import type {Clock} from '../../clock.ts';
import type {JournalMaintenance} from '../../journal/journal-maintenance.ts';

export interface ReadinessOptions {
  readonly journal: JournalMaintenance;
  readonly clock: Clock;
}

export interface ReadinessState {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly journal: 'writable' | 'unavailable';
}

/** A probe writes to the disk: however often somebody asks, one a second is enough. */
const PROBE_VALID_MS = 1000;
/** How long ago the last write may be that went through. */
const PROOF_VALID_MS = 2000;
/**
 * Whoever asks waits no longer than this. Balancers hold a node that does not answer for dead and cut its connections, with webhooks on
 * them that are still to be told 503.
 */
const ANSWER_MS = 1000;

export class Readiness {
  readonly #journal: JournalMaintenance;
  readonly #clock: Clock;
  #draining = false;
  #probedAt = Number.NEGATIVE_INFINITY;
  #provenAt = Number.NEGATIVE_INFINITY;
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
    const writable = await this.#answer();
    return {
      ready: writable && !this.#draining,
      draining: this.#draining,
      journal: writable ? 'writable' : 'unavailable',
    };
  }

  /** What the probe says; what is known without it, when it takes too long. */
  #answer(): Promise<boolean> {
    const {promise, resolve} = Promise.withResolvers<boolean>();
    const cancel = this.#clock.after(ANSWER_MS, () => resolve(this.#isProven));
    void this.#probe.then(resolve).finally(cancel);
    return promise;
  }

  get #isProven(): boolean {
    return this.#clock.monotonic() - this.#provenAt < PROOF_VALID_MS;
  }

  async #probeJournal(): Promise<boolean> {
    try {
      await this.#journal.probe();
      this.#provenAt = this.#clock.monotonic();
      return true;
    } catch {
      this.#provenAt = Number.NEGATIVE_INFINITY;
      return false;
    }
  }
}
