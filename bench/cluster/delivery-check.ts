/** Checks that each session received exactly the journal's events: none missing, none twice, in order. */

/** The part of a session that the check needs. */
export interface ReceivedEvents {
  /** Offsets of the received events, in the order of arrival. */
  readonly offsets: readonly number[];
}

/**
 * @param pushed offsets of all events that sessions receive, in the journal's order
 * @returns an error message for the first session that received something else; `undefined` if there is no error
 */
export function findDeliveryError(
  sessions: readonly ReceivedEvents[],
  pushed: readonly number[],
): string | undefined {
  for (const [index, {offsets}] of sessions.entries()) {
    const mismatch = pushed.findIndex((offset, at) => offsets[at] !== offset);
    const differs = mismatch === -1 ? pushed.length : mismatch;
    if (mismatch === -1 && offsets.length === pushed.length) continue;
    const [wanted, found] = [pushed[differs], offsets[differs]].map((offset) => offset ?? 'nothing');
    return `session ${index} of ${sessions.length} received ${found} where the journal has ${wanted}`;
  }
  return undefined;
}
