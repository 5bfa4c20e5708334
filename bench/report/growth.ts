/** Tells whether a cost grows faster than the work, from several points of a curve. */
import type {Point} from './chart.ts';

/** Tolerance for noise around an exponent of 1. */
const SLACK = 0.1;

/**
 * The exponent k of the best fit y = c·xᵏ: 1 is linear, 0 is constant. Points at 0 are ignored. With fewer than two
 * other points, the result is NaN.
 */
export function exponent(points: readonly Point[]): number {
  const logs = points.filter(({x, y}) => x > 0 && y > 0).map(({x, y}) => [Math.log(x), Math.log(y)] as const);
  const meanX = logs.reduce((sum, [x]) => sum + x, 0) / logs.length;
  const meanY = logs.reduce((sum, [, y]) => sum + y, 0) / logs.length;
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? Number.NaN : covariance / variance;
}

/** Describes the growth. `of` tells whether y is the total cost or the cost per unit of x. */
export function growthSentence(points: readonly Point[], of: 'whole' | 'unit'): string {
  const k = exponent(points) + (of === 'unit' ? 1 : 0);
  if (Number.isNaN(k)) return 'Too few points for a trend.';
  const verdict =
    k > 1 + SLACK ? '**faster than linearly**' : k > 1 - SLACK ? 'linearly' : 'slower than linearly';
  return `The total cost grows ${verdict} (exponent ${k.toFixed(2)}).`;
}
