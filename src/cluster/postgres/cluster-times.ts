/** How soon nodes notice each other. In milliseconds; what others depend on is reckoned by the database's clock. */

/** Between two heartbeats of a node. */
export const BEAT_MS = 1000;

/** A node that was not heard for so long counts as dead: it is shown no more, and its sessions count no more. */
export const ALIVE_MS = 10_000;

/** Rows of nodes that are dead for so long are deleted, by whoever comes to it. */
export const BURY_MS = 60_000;

/** How long a lease lasts after it was taken or renewed: the longest that nobody does what it is for, but for one beat. */
export const LEASE_MS = 10_000;

/** A holder trusts its lease for this much less, so that it stops before others may begin. */
export const LEASE_MARGIN_MS = 2000;

/** After so long without an answer to a heartbeat this node counts itself as cut off. */
export const CUT_OFF_MS = 4000;

/** A line that nobody gave back: the node that took it died. Longer than any request to Twilio. */
export const LINE_MS = 120_000;

/** A line that was given back is remembered for so long, for the nodes whose feed is behind. */
export const SETTLE_MS = 10_000;

/** What giving everything up may take at the end. */
export const LEAVE_MS = 1000;

/** A wall clock that is further off than this is worth a warning. */
export const CLOCK_WARNING_MS = 2000;
