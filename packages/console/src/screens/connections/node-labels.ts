/** What is told of a node, in words. Pure. */

/** Beats come once a second; what is older than this is worth a colour. */
const LATE_MS = 4000;
/** Clocks are compared over a network, and seconds are all that is shown anywhere. */
const OFF_MS = 2000;

export function nodeHeartbeatLabels(ageMs: number): {readonly text: string; readonly isLate: boolean} {
  const isLate = ageMs >= LATE_MS;
  return {text: isLate ? `${Math.round(ageMs / 1000)} s ago` : 'now', isLate};
}

/** Against the database's clock, which decides what nodes agree on. */
export function nodeClockLabels(aheadMs: number): {readonly text: string; readonly isOff: boolean} {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (Math.abs(aheadMs) < OFF_MS) return {text: 'right', isOff: false};
  return {text: `${seconds.toLocaleString('en')} s ${aheadMs > 0 ? 'ahead' : 'behind'}`, isOff: true};
}
