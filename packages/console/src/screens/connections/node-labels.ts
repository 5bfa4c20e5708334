/** Labels for a node. Pure. */

/** Heartbeats are sent once a second; an older one is highlighted. */
const LATE_MS = 4000;
/** The clocks are compared over a network, and the console shows whole seconds. */
const OFF_MS = 2000;

export function nodeHeartbeatLabels(ageMs: number): {readonly text: string; readonly isLate: boolean} {
  const isLate = ageMs >= LATE_MS;
  return {text: isLate ? `${Math.round(ageMs / 1000)} s ago` : 'now', isLate};
}

/** Compared with the database's clock, which is the reference for all nodes. */
export function nodeClockLabels(aheadMs: number): {readonly text: string; readonly isOff: boolean} {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (Math.abs(aheadMs) < OFF_MS) return {text: 'in sync', isOff: false};
  return {text: `${seconds.toLocaleString('en')} s ${aheadMs > 0 ? 'ahead' : 'behind'}`, isOff: true};
}
