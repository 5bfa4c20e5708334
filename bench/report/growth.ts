/** Whether a cost grows faster than the work, from a curve of several points. */
import type {Point} from './chart.ts';

/** What noise may add to an exponent of 1. */
const SLACK = 0.1;

/**
 * The exponent k of the y = c·xᵏ that fits best: 1 is linear, 0 constant. Points at 0 say nothing about it; with fewer
 * than two others it is NaN.
 */
export function exponent(points: readonly Point[]): number {
  const logs = points.filter(({x, y}) => x > 0 && y > 0).map(({x, y}) => [Math.log(x), Math.log(y)] as const);
  const meanX = logs.reduce((sum, [x]) => sum + x, 0) / logs.length;
  const meanY = logs.reduce((sum, [, y]) => sum + y, 0) / logs.length;
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? Number.NaN : covariance / variance;
}

/** A sentence; `of` says whether y is the whole cost or that of one unit of x. */
export function growthSentence(points: readonly Point[], of: 'whole' | 'unit'): string {
  const k = exponent(points) + (of === 'unit' ? 1 : 0);
  if (Number.isNaN(k)) return 'Too few points to say how it grows.';
  const verdict =
    k > 1 + SLACK ? '**faster than linearly**' : k > 1 - SLACK ? 'linearly' : 'more slowly than linearly';
  return `The whole cost grows ${verdict} (exponent ${k.toFixed(2)} of the best fit).`;
}
