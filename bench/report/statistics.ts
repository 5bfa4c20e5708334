/** Medians and percentiles, without assumptions about the distribution. */

/** A figure of several rounds. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The median and the range of `values`. */
export function figure(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  return {median: percentile(sorted, 0.5), min: percentile(sorted, 0), max: percentile(sorted, 1)};
}

/** The percentile of sorted values by nearest rank, with `share` from 0 to 1. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(sorted.length * share));
  return sorted[rank - 1] ?? Number.NaN;
}
