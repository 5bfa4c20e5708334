/**
 * Time limits of the cluster, in milliseconds. Limits that several nodes depend on use the database's clock.
 */

/** Heartbeat interval of a node. */
export const BEAT_MS = 1000;

/** A node without a heartbeat for this long counts as dead. Lists and limits leave out its sessions. */
export const ALIVE_MS = 10_000;

/** Rows of nodes that have been dead for this long are deleted, by any node. */
export const DELETE_DEAD_MS = 60_000;

/** Duration of a lease after each renewal. A duty is idle for at most this time plus one beat. */
export const LEASE_MS = 10_000;

/** A holder trusts its lease for this much less, so that it stops before another node may take over. */
export const LEASE_MARGIN_MS = 2000;

/** Without an answer to a heartbeat for this long, a node counts itself as disconnected. */
export const DISCONNECTED_MS = 4000;

/** A slot expires after this time if the node that took it has died. Longer than any request to Twilio. */
export const SLOT_MS = 120_000;

/** A released slot is remembered for this long, for nodes whose feed lags. */
export const SETTLE_MS = 10_000;

/** Maximum time for deregistering at shutdown. */
export const DEREGISTER_MS = 1000;

/** A wall clock that is off by more than this causes a warning. */
export const CLOCK_WARNING_MS = 2000;
