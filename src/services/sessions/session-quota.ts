/**
 * Enforces `MAX_SESSIONS_PER_USER` across nodes after the fact. If a user opens sessions at several nodes at
 * once, each node admits its own, because it counts the others only as last published. Once all are
 * published, every node sees the same list and closes its own sessions over the limit.
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

/**
 * Time in milliseconds after which all simultaneous sessions are published. Nodes publish within a second.
 */
const SETTLED_MS = 3000;

export class SessionQuota {
  readonly #options: SessionQuotaOptions;
  /**
   * Users who recently opened a session here, with the monotonic ms at which their last one was published.
   */
  readonly #recent = new Map<string, number>();

  constructor(options: SessionQuotaOptions) {
    this.#options = options;
  }

  /** A session of this user has been published. */
  handlePublished(user: string): void {
    this.#recent.set(user, this.#options.clock.monotonic());
  }

  /**
   * Closes sessions over the limit. Called repeatedly, because other nodes publish later. @throws
   * JournalUnavailableError
   */
  async enforce(): Promise<void> {
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
        'session closed: its user has too many sessions across all nodes',
      );
      close(sessionId);
    }
    for (const [user, since] of asked) {
      if (askedAt - since >= SETTLED_MS && this.#recent.get(user) === since) this.#recent.delete(user);
    }
  }
}
