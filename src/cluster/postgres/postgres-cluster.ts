/**
 * The cluster of any number of nodes on one Postgres. Heartbeat and leases have a connection of their own, so
 * that a node does not look dead to the others while all other connections are busy or wait for a lock.
 */
import {randomUUID} from 'node:crypto';
import type {Logger} from 'pino';
import type {Clock} from '../../clock.ts';
import {PostgresDatabase} from '../../postgres/postgres-database.ts';
import type {Cluster, LeaseName, NodeFacts, NodeStatus} from '../cluster.ts';
import {DEREGISTER_MS} from './cluster-times.ts';
import {Heartbeat} from './heartbeat.ts';
import {PostgresConfirmations} from './postgres-confirmations.ts';
import {PostgresLease} from './postgres-lease.ts';
import {PostgresPlacementLedger} from './postgres-placement-ledger.ts';
import {PostgresSessions} from './postgres-sessions.ts';

export interface PostgresClusterOptions {
  readonly url: string;
  readonly nodeId: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Connections for placement and session lists. */
const SHARED_CONNECTIONS = 3;

export class PostgresCluster implements Cluster {
  readonly nodeId: string;
  readonly placement: PostgresPlacementLedger;
  readonly sessions: PostgresSessions;
  readonly confirmations: PostgresConfirmations;
  /** Identifies this run. A restarted process with the same name is another instance. */
  readonly #instance = randomUUID();
  /** The connection of the heartbeat and the leases. */
  readonly #database: PostgresDatabase;
  readonly #shared: PostgresDatabase;
  readonly #heartbeat: Heartbeat;
  readonly #leases = new Map<LeaseName, PostgresLease>();
  readonly #clock: Clock;
  readonly #logger: Logger;
  #joined = false;
  #stopping: Promise<void> | undefined;

  constructor({url, nodeId, version, clock, logger}: PostgresClusterOptions) {
    this.nodeId = nodeId;
    this.#clock = clock;
    this.#logger = logger;
    const applicationName = 'hookswitch cluster';
    const database = new PostgresDatabase({url, applicationName, maxConnections: 1});
    const shared = new PostgresDatabase({url, applicationName, maxConnections: SHARED_CONNECTIONS});
    const instance = this.#instance;
    this.#database = database;
    this.#shared = shared;
    this.confirmations = new PostgresConfirmations({database: shared, logger});
    this.placement = new PostgresPlacementLedger({database: shared, logger});
    const onBeat = () => this.#acquireLeases();
    this.#heartbeat = new Heartbeat({database, instance, nodeId, version, clock, logger, onBeat});
    this.sessions = new PostgresSessions({database: shared, instance, heartbeat: this.#heartbeat});
  }

  async start(facts: () => NodeFacts): Promise<void> {
    await this.#database.open();
    this.#joined = true;
    await this.#heartbeat.start(facts);
  }

  nodes(): readonly NodeStatus[] {
    return this.#heartbeat.nodes;
  }

  get connected(): boolean {
    return this.#heartbeat.connected;
  }

  lease(name: LeaseName): PostgresLease {
    const known = this.#leases.get(name);
    if (known !== undefined) return known;
    const [database, instance] = [this.#database, this.#instance];
    const lease = new PostgresLease({name, database, instance, clock: this.#clock, logger: this.#logger});
    this.#leases.set(name, lease);
    return lease;
  }

  renew(): void {
    for (const database of [this.#database, this.#shared]) database.renew();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    // Does not wait for a database that does not answer, because leases and slots expire by themselves.
    const {promise: deadline, resolve} = Promise.withResolvers<void>();
    const cancel = this.#clock.after(DEREGISTER_MS, resolve);
    await Promise.race([this.#deregister(), deadline]);
    cancel();
    for (const database of [this.#database, this.#shared]) void database.close().catch(() => {});
  }

  async #deregister(): Promise<void> {
    // If the database could not be opened, there is nothing to deregister.
    if (!this.#joined) return;
    try {
      await this.#heartbeat.stop();
      await this.placement.settled();
      for (const lease of this.#leases.values()) await lease.release();
      await this.#database.query('DELETE FROM hookswitch.nodes WHERE instance = $1', [this.#instance]);
    } catch (error) {
      this.#logger.debug({err: error}, 'cluster: could not deregister this node');
    }
  }

  /** Runs after a successful beat, so that a node that counts as dead takes no lease. */
  async #acquireLeases(): Promise<void> {
    await Promise.all([...this.#leases.values()].map((lease) => lease.acquire()));
  }
}
