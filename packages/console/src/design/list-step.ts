export interface ListPlace {
  readonly count: number;
  /** Of the selected row; -1 when there is none. */
  readonly index: number;
  /** Where the selection was before its row went away; -1 when there never was one. */
  readonly lastIndex: number;
  readonly by: number;
}

/** The index to go to, within the list; -1 when it is empty. Where a selected row has gone, its neighbour comes next. */
export function step({count, index, lastIndex, by}: ListPlace): number {
  if (count === 0) return -1;
  if (index === -1 && lastIndex === -1) return by > 0 ? 0 : count - 1;
  // The row after the one that went away has moved into its place.
  const from = index === -1 ? lastIndex - (by > 0 ? 1 : 0) : index;
  return Math.min(count - 1, Math.max(0, from + by));
}
