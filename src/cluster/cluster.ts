/**
 * What the nodes of one installation share beside the journal: who is there, whose sessions are where, what placing calls
 * may cost, and which of them does what only one may do. This file is the port. `local-cluster.ts` is the only node of an
 * SQLite file, which shares with nobody; `postgres/` is any number of them.
 *
 * Whatever is shared can be out of reach while the database is away. Then no call is placed and no lease is held; sessions
 * go on, and lists show the node that is asked.
 */
import type {Offset} from '../journal/call-event.ts';
import type {Fence} from '../journal/fence.ts';
import type {Unsubscribe} from '../journal/journal.ts';
import type {Confirmations} from './confirmations.ts';
import type {PlacementLedger} from './placement-ledger.ts';
import type {SharedSessions} from './shared-sessions.ts';

export interface Cluster {
  /** This node, as the others see it. */
  readonly nodeId: string;
  /** What placing calls costs, reckoned for all nodes together. */
  readonly placement: PlacementLedger;
  /** Absent where there is one node only: its own sessions are all there are. */
  readonly sessions?: SharedSessions;
  /** Absent where there is one node only: it knows what it has looked up. */
  readonly confirmations?: Confirmations;

  /**
   * Joins. `facts` is asked again and again for what the other nodes are shown.
   * @throws JournalUnavailableError
   */
  start(facts: () => NodeFacts): Promise<void>;

  /** The nodes alive at the last heartbeat, this one among them; none where there is one node only. */
  nodes(): readonly NodeStatus[];

  /** Whether this node was at the database a moment ago: what it knows of the others is what they last said. */
  readonly connected: boolean;

  /** The duty of that name. Whoever asks takes part from `start` on. */
  lease(name: LeaseName): Lease;

  /** Another history of the journal has begun: what is asked next is asked on connections that are made then. */
  renew(): void;

  /** Gives up what is held, so that others take over at once. Idempotent. */
  stop(): Promise<void>;
}

/** What exactly one node does at a time. */
export const leaseNames = ['reconciler', 'retention'] as const;
export type LeaseName = (typeof leaseNames)[number];

export interface Lease {
  /** Whether it is held as far as this node can tell without asking: by its own time since it was last confirmed. */
  readonly held: boolean;
  /**
   * Asks whether it is still held, now; `undefined`: another node has taken over, or nobody can tell. What is true when it is asked
   * need not be a moment later: the journal checks the fence once more, in the transaction that writes.
   */
  confirm(): Promise<Fence | undefined>;
  /** Calls `listener` whenever this node begins to hold it; not for what is held already. */
  onTaken(listener: () => void): Unsubscribe;
}

/** What a node tells of itself. */
export interface NodeFacts {
  /** Everything up to here is known to its sessions' feed. */
  readonly head: Offset;
  readonly openSessions: number;
  readonly laggingSessions: number;
  /** Since it started. */
  readonly openedSessions: number;
  /** Since it started: how many closed with each code. */
  readonly closes: readonly {readonly code: number; readonly count: number}[];
}

export interface NodeStatus extends NodeFacts {
  readonly nodeId: string;
  /** Whether it is this one. */
  readonly isSelf: boolean;
  readonly version: string;
  /** By the database's clock, milliseconds since 1970. */
  readonly startedAt: number;
  readonly heartbeatAt: number;
  /** How old the heartbeat was when it was last looked at, by the database's clock. */
  readonly heartbeatAgeMs: number;
  /** Entries its feed is behind that of the node that is furthest. */
  readonly lag: number;
  /** How far its wall clock was ahead of the database's, roughly. */
  readonly clockAheadMs: number;
}
