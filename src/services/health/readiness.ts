/** Whether this server should get traffic: not during a drain, and not while its journal is not writable. */
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

/** A probe writes to the disk, so it runs at most once a second. */
const PROBE_VALID_MS = 1000;
/** Maximum age of the last successful write. */
const PROOF_VALID_MS = 2000;
/**
 * Maximum time of a response. A load balancer considers a node that does not answer dead and cuts its
 * connections, along with webhooks that should still get a 503.
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

  /** Permanently not ready. */
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

  /** The result of the probe. If the probe takes too long, the age of the last successful write decides. */
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
