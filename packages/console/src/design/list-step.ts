export interface ListPlace {
  readonly count: number;
  /** Index of the selected row; -1 if there is no selection. */
  readonly index: number;
  /** Index of the selection before its row was removed; -1 if there was no selection. */
  readonly lastIndex: number;
  readonly by: number;
}

/**
 * The index to move to; -1 if the list is empty. After the selected row was removed, the selection moves to
 * its neighbor.
 */
export function step({count, index, lastIndex, by}: ListPlace): number {
  if (count === 0) return -1;
  if (index === -1 && lastIndex === -1) return by > 0 ? 0 : count - 1;
  // The next row has moved into the place of the removed one.
  const from = index === -1 ? lastIndex - (by > 0 ? 1 : 0) : index;
  return Math.min(count - 1, Math.max(0, from + by));
}
