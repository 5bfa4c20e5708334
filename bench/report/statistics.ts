/** Medians and percentiles; nothing assumes a distribution. */

/** A figure of several rounds. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The median of `values` and how far they are apart. */
export function figure(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  return {median: percentile(sorted, 0.5), min: percentile(sorted, 0), max: percentile(sorted, 1)};
}

/** The value below which `share` (0 to 1) of the sorted values lie, by nearest rank. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(sorted.length * share));
  return sorted[rank - 1] ?? Number.NaN;
}
