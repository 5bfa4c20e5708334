/** Whether each session was told of exactly what the journal holds: nothing missed, nothing twice, in order. */

/** What of a session is looked at. */
export interface ToldSession {
  /** Of each event it was told of, in the order in which they came. */
  readonly offsets: readonly number[];
}

/**
 * @param pushed offsets of all events that are told, in the journal's order
 * @returns a sentence for the first session that was told of something else; `undefined` when there is none
 */
export function findMistold(sessions: readonly ToldSession[], pushed: readonly number[]): string | undefined {
  for (const [index, {offsets}] of sessions.entries()) {
    const place = pushed.findIndex((offset, at) => offsets[at] !== offset);
    const differs = place === -1 ? pushed.length : place;
    if (place === -1 && offsets.length === pushed.length) continue;
    const [wanted, found] = [pushed[differs], offsets[differs]].map((offset) => offset ?? 'nothing');
    return `session ${index} of ${sessions.length} was told of ${found} where the journal has ${wanted}`;
  }
  return undefined;
}
