/**
 * The state that the nodes of one installation share besides the journal: the live nodes, their sessions, the
 * placement limits, and the leases for duties that only one node performs. This file is the port.
 * `local-cluster.ts` is the single node of a SQLite file, and `postgres/` supports any number of nodes.
 *
 * The shared state is unavailable while the database is down. Then no call is placed and no lease is held.
 * Sessions continue, and session lists show only the node that is asked.
 */
import type {Offset} from '../journal/call-event.ts';
import type {Fence} from '../journal/fence.ts';
import type {Unsubscribe} from '../journal/followable-journal.ts';
import type {Confirmations} from './confirmations.ts';
import type {PlacementLedger} from './placement-ledger.ts';
import type {SharedSessions} from './shared-sessions.ts';

export interface Cluster {
  /** This node's name, as other nodes see it. */
  readonly nodeId: string;
  /** Placement limits that apply to all nodes together. */
  readonly placement: PlacementLedger;
  /** Absent if there is only one node, which has all sessions itself. */
  readonly sessions?: SharedSessions;
  /** Absent if there is only one node, which knows its own lookups. */
  readonly confirmations?: Confirmations;

  /**
   * Joins the cluster. `facts` is called on every heartbeat and returns this node's facts for the other
   * nodes.
   * @throws JournalUnavailableError
   */
  start(facts: () => NodeFacts): Promise<void>;

  /** The nodes alive at the last heartbeat, including this one. Empty if there is only one node. */
  nodes(): readonly NodeStatus[];

  /** Whether this node reached the database recently, so that its view of the other nodes is current. */
  readonly connected: boolean;

  /** Returns the lease of a duty. From `start` on, this node competes for it. */
  lease(name: LeaseName): Lease;

  /** Opens new connections, because a new history of the journal has begun. */
  renew(): void;

  /** Releases leases and slots, so that other nodes take over at once. Idempotent. */
  stop(): Promise<void>;
}

/** The duties that exactly one node performs at a time. */
export const leaseNames = ['reconciler', 'retention'] as const;
export type LeaseName = (typeof leaseNames)[number];

export interface Lease {
  /** Whether this node holds the lease, judged by its own clock since the last confirmation. */
  readonly held: boolean;
  /**
   * Asks the database whether this node still holds the lease. Returns `undefined` if another node has taken
   * over or the database does not answer. The result can be outdated a moment later, so the journal checks
   * the fence again in the transaction that writes.
   */
  confirm(): Promise<Fence | undefined>;
  /** Calls `listener` each time this node acquires the lease, but not if it holds the lease already. */
  onAcquired(listener: () => void): Unsubscribe;
}

/** Facts that a node publishes about itself. */
export interface NodeFacts {
  /** The head of its sessions' feed. */
  readonly head: Offset;
  readonly openSessions: number;
  readonly laggingSessions: number;
  /** Since the node started. */
  readonly openedSessions: number;
  /** Since the node started: the number of closed sessions per close code. */
  readonly closes: readonly {readonly code: number; readonly count: number}[];
}

export interface NodeStatus extends NodeFacts {
  readonly nodeId: string;
  /** Whether this is the asking node. */
  readonly isSelf: boolean;
  readonly version: string;
  /** By the database's clock, milliseconds since 1970. */
  readonly startedAt: number;
  readonly heartbeatAt: number;
  /** Age of the heartbeat when it was last read, by the database's clock. */
  readonly heartbeatAgeMs: number;
  /** Number of entries that its feed lags behind the most advanced node. */
  readonly lag: number;
  /** Approximate lead of the node's wall clock over the database's clock. */
  readonly clockAheadMs: number;
}
