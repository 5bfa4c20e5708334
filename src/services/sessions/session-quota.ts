/**
 * Holds `MAX_SESSIONS_PER_USER` where sessions of one user came to several nodes at once: each node counted those of the others as they
 * were told of a moment ago, and let its own in. Once all of them are told of, every node sees the same and closes its own among those
 * that are too many.
 */
import type {Logger} from 'pino';
import type {Clock} from '../../clock.ts';
import type {SharedSessions} from '../../cluster/shared-sessions.ts';

export interface SessionQuotaOptions {
  readonly shared: Pick<SharedSessions, 'overQuota'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxSessionsPerUser: number;
  readonly close: (sessionId: string) => void;
}

/** By then whoever came at the same time is told of: nodes tell it within a second, and at once as a rule. In milliseconds. */
const SETTLED_MS = 3000;

export class SessionQuota {
  readonly #options: SessionQuotaOptions;
  /** Users one of whose sessions came a moment ago, with when the last one was told of, in monotonic ms. */
  readonly #recent = new Map<string, number>();

  constructor(options: SessionQuotaOptions) {
    this.#options = options;
  }

  /** The others have been told of a session of this user that came. */
  published(user: string): void {
    this.#recent.set(user, this.#options.clock.monotonic());
  }

  /** To be called again and again, so that those are seen that others tell of later. @throws JournalUnavailableError */
  async look(): Promise<void> {
    const {shared, clock, logger, maxSessionsPerUser, close} = this.#options;
    if (this.#recent.size === 0) return;
    const asked = [...this.#recent];
    const askedAt = clock.monotonic();
    const overQuota = await shared.overQuota(
      asked.map(([user]) => user),
      maxSessionsPerUser,
    );
    for (const sessionId of overQuota) {
      logger.info(
        {sessionId, maxSessionsPerUser},
        'a session too many for its user, with those at other nodes',
      );
      close(sessionId);
    }
    for (const [user, since] of asked) {
      if (askedAt - since >= SETTLED_MS && this.#recent.get(user) === since) this.#recent.delete(user);
    }
  }
}
