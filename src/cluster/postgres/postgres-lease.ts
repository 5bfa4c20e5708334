/**
 * A lease on a duty that one node performs at a time. The database's clock decides when it expires. The
 * holder trusts it for less time, on its monotonic clock, counted from before the query. So it stops before
 * another node may take over, even if its wall clock is wrong. A process that was paused learns from
 * `confirm` that its token is stale.
 */
import type {Logger} from 'pino';
import type {Clock} from '../../clock.ts';
import type {Fence} from '../../journal/fence.ts';
import type {Unsubscribe} from '../../journal/followable-journal.ts';
import type {PostgresDatabase} from '../../postgres/postgres-database.ts';
import {numberOf} from '../../postgres/rows.ts';
import type {Lease, LeaseName} from '../cluster.ts';
import {LEASE_MARGIN_MS, LEASE_MS} from './cluster-times.ts';

export interface PostgresLeaseOptions {
  readonly name: LeaseName;
  readonly database: PostgresDatabase;
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class PostgresLease implements Lease {
  readonly #options: PostgresLeaseOptions;
  readonly #listeners = new Set<() => void>();
  #token: number | undefined;
  /** Monotonic ms until which this node trusts the lease. */
  #trustedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: PostgresLeaseOptions) {
    this.#options = options;
  }

  get held(): boolean {
    return this.#token !== undefined && this.#options.clock.monotonic() < this.#trustedUntil;
  }

  onAcquired(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async confirm(): Promise<Fence | undefined> {
    const token = this.#token;
    if (token === undefined || !this.held) return undefined;
    const {database, name, instance, clock} = this.#options;
    const requestedAt = clock.monotonic();
    try {
      const rows = await database.query(CONFIRM, [name, instance, token]);
      if (rows.length === 0) this.#handleLoss(token);
    } catch {
      return undefined;
    }
    // A late answer describes the state before this process was paused.
    return this.#token === token && clock.monotonic() - requestedAt < LEASE_MARGIN_MS && this.held
      ? {name, token, holder: instance}
      : undefined;
  }

  /** Takes the lease if it is free, and renews it if this node holds it. @throws JournalUnavailableError */
  async acquire(): Promise<void> {
    const {database, name, instance, clock, logger} = this.#options;
    // This query writes nothing, and does not lock a lease of another node.
    const [known] = await database.query(SELECT_FREE, [name, instance]);
    const isFree = known === undefined || known['free'] === true;
    const requestedAt = clock.monotonic();
    const [row] = isFree ? await database.query(ACQUIRE, [name, instance, LEASE_MS / 1000]) : [];
    if (row === undefined) {
      if (this.#token !== undefined) this.#handleLoss(this.#token);
      return;
    }
    const token = numberOf(row['token']);
    const isNew = token !== this.#token;
    this.#token = token;
    this.#trustedUntil = requestedAt + LEASE_MS - LEASE_MARGIN_MS;
    if (!isNew) return;
    logger.info({lease: name, token}, 'cluster: this node has acquired a lease');
    for (const listener of this.#listeners) listener();
  }

  /** @throws JournalUnavailableError */
  async release(): Promise<void> {
    const {database, name, instance} = this.#options;
    const token = this.#token;
    this.#token = undefined;
    if (token !== undefined) await database.query(RELEASE, [name, instance, token]);
  }

  #handleLoss(token: number): void {
    if (this.#token !== token) return;
    this.#token = undefined;
    const {logger, name} = this.#options;
    logger.warn({lease: name, token}, 'cluster: another node has acquired the lease');
  }
}

const SELECT_FREE = `SELECT holder IS NULL OR holder = $2 OR expires_at < clock_timestamp() AS free
FROM hookswitch.leases WHERE name = $1`;

const ACQUIRE = `INSERT INTO hookswitch.leases AS l (name, holder, token, expires_at)
VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at,
  token = CASE WHEN l.holder = excluded.holder THEN l.token ELSE l.token + 1 END
WHERE l.holder IS NULL OR l.holder = excluded.holder OR l.expires_at < clock_timestamp()
RETURNING token`;

const CONFIRM = `SELECT 1 AS held FROM hookswitch.leases
WHERE name = $1 AND holder = $2 AND token = $3 AND expires_at > clock_timestamp()`;

const RELEASE = `UPDATE hookswitch.leases SET holder = NULL, expires_at = clock_timestamp()
WHERE name = $1 AND holder = $2 AND token = $3`;
