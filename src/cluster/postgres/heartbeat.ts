/**
 * Sends a node's heartbeat and reads the other nodes' facts, once a second, in one statement. Only the
 * database's clock decides. A node with a wrong clock only logs a warning.
 */
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {Unsubscribe} from '../../journal/followable-journal.ts';
import type {PostgresDatabase} from '../../postgres/postgres-database.ts';
import {numberOf, type Row, textOf} from '../../postgres/rows.ts';
import type {NodeFacts, NodeStatus} from '../cluster.ts';
import {ALIVE_MS, BEAT_MS, CLOCK_WARNING_MS, DELETE_DEAD_MS, DISCONNECTED_MS} from './cluster-times.ts';

export interface HeartbeatOptions {
  readonly database: PostgresDatabase;
  readonly instance: string;
  readonly nodeId: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after every successful beat. */
  readonly onBeat: () => Promise<void>;
}

/** Number of beats between two deletions of dead nodes' rows. */
const DELETE_DEAD_EVERY = 10;

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #deletedListeners = new Set<() => void>();
  #facts: (() => NodeFacts) | undefined;
  #nodes: readonly NodeStatus[] = [];
  #beats = 0;
  /** Monotonic ms of the last successful beat. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #clockAheadMs = 0;
  #isClockWrong = false;
  #isDisconnected = false;
  #beating: Promise<void> | undefined;
  #cancel: CancelTimer | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** @throws JournalUnavailableError */
  async start(facts: () => NodeFacts): Promise<void> {
    this.#facts = facts;
    await this.#beat(facts());
    this.#cancel = this.#options.clock.every(BEAT_MS, () => this.#beatIfIdle());
  }

  /** Resolves when the current beat has ended. */
  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#beating;
  }

  get nodes(): readonly NodeStatus[] {
    return this.#nodes;
  }

  get connected(): boolean {
    return this.#options.clock.monotonic() - this.#answeredAt < DISCONNECTED_MS;
  }

  onDeleted(listener: () => void): Unsubscribe {
    this.#deletedListeners.add(listener);
    return () => this.#deletedListeners.delete(listener);
  }

  /** Sends one beat at a time, so that beats do not pile up while the database is slow. */
  #beatIfIdle(): void {
    const facts = this.#facts;
    if (facts === undefined || this.#beating !== undefined) return;
    this.#beating = this.#beat(facts())
      .catch((error: unknown) => this.#handleFailure(error))
      .finally(() => {
        this.#beating = undefined;
      });
  }

  async #beat(facts: NodeFacts): Promise<void> {
    const {database, instance, nodeId, version, clock, onBeat} = this.#options;
    const [sentAt, wallAt] = [clock.monotonic(), clock.now()];
    const rows = await database.query(BEAT, [
      instance,
      nodeId,
      version,
      JSON.stringify(facts),
      Math.round(this.#clockAheadMs),
      ALIVE_MS / 1000,
    ]);
    const tookMs = clock.monotonic() - sentAt;
    this.#answeredAt = clock.monotonic();
    if (this.#isDisconnected) this.#options.logger.info('cluster: connected to the database again');
    this.#isDisconnected = false;
    const own = rows.find((row) => row['instance'] === instance);
    if (own !== undefined) this.#compareClocks(wallAt + tookMs / 2 - numberOf(own['heartbeat_at']));
    this.#nodes = toNodes(rows, instance);
    // Either the first beat, or the row was deleted: the database crashed, or this node counted as dead.
    if (own?.['is_new'] === true) for (const listener of this.#deletedListeners) listener();
    if (this.#beats % DELETE_DEAD_EVERY === 0) await database.query(DELETE_DEAD, [DELETE_DEAD_MS / 1000]);
    this.#beats += 1;
    await onBeat();
  }

  #compareClocks(aheadMs: number): void {
    this.#clockAheadMs = aheadMs;
    const isWrong = Math.abs(aheadMs) > CLOCK_WARNING_MS;
    if (isWrong && !this.#isClockWrong) {
      const {logger} = this.#options;
      logger.warn(
        {aheadMs: Math.round(aheadMs)},
        "cluster: this machine's clock differs from the database's clock, correct one of them",
      );
    }
    this.#isClockWrong = isWrong;
  }

  #handleFailure(error: unknown): void {
    if (!this.#isDisconnected) this.#options.logger.warn({err: error}, 'cluster: heartbeat failed, retrying');
    this.#isDisconnected = true;
  }
}

const COLUMNS = `instance, node_id, version, facts, clock_ahead_ms,
  (extract(epoch FROM started_at) * 1000)::bigint AS started_at,
  (extract(epoch FROM heartbeat_at) * 1000)::bigint AS heartbeat_at,
  (extract(epoch FROM clock_timestamp() - heartbeat_at) * 1000)::bigint AS age_ms`;

const BEAT = `WITH beat AS (
  INSERT INTO hookswitch.nodes AS n (instance, node_id, version, facts, clock_ahead_ms)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (instance) DO UPDATE SET heartbeat_at = clock_timestamp(), facts = excluded.facts,
    clock_ahead_ms = excluded.clock_ahead_ms
  RETURNING *, xmax = 0 AS is_new)
SELECT ${COLUMNS}, is_new FROM beat
UNION ALL
SELECT ${COLUMNS}, false FROM hookswitch.nodes
WHERE instance <> $1 AND heartbeat_at > clock_timestamp() - make_interval(secs => $6)
ORDER BY node_id, started_at`;

const DELETE_DEAD = `WITH dead AS (
  DELETE FROM hookswitch.nodes WHERE heartbeat_at < clock_timestamp() - make_interval(secs => $1))
DELETE FROM hookswitch.allowances WHERE updated_at < clock_timestamp() - interval '61 seconds'`;

function toNodes(rows: readonly Row[], instance: string): readonly NodeStatus[] {
  const found = rows.map((row) => ({row, facts: row['facts'] as NodeFacts}));
  const furthest = Math.max(0, ...found.map(({facts}) => facts.head));
  return found.map(({row, facts}) => ({
    ...facts,
    nodeId: textOf(row['node_id']),
    isSelf: row['instance'] === instance,
    version: textOf(row['version']),
    startedAt: numberOf(row['started_at']),
    heartbeatAt: numberOf(row['heartbeat_at']),
    heartbeatAgeMs: Math.max(0, numberOf(row['age_ms'])),
    lag: furthest - facts.head,
    clockAheadMs: numberOf(row['clock_ahead_ms']),
  }));
}
