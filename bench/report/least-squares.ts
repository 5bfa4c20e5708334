/** Least-squares fits for costs, which cannot be negative. */

/** An equation: the factors of the terms, and the result. */
export interface Equation {
  readonly factors: readonly number[];
  readonly value: number;
}

/**
 * The non-negative coefficients that minimize the squared relative errors of `factors · coefficients` against `value`.
 * A term that would be negative, or that no equation contains, is 0.
 */
export function fit(equations: readonly Equation[]): readonly number[] {
  const usable = equations.filter(({value}) => Number.isFinite(value) && value > 0);
  const terms = usable[0]?.factors.length ?? equations[0]?.factors.length ?? 0;
  let kept = Array.from({length: terms}, (_, term) => term).filter((term) =>
    usable.some(({factors}) => factors[term] !== 0),
  );
  for (;;) {
    const solved = solveNormal(usable, kept);
    const worst = kept[solved.indexOf(Math.min(...solved))];
    if (worst === undefined || Math.min(...solved) >= 0) {
      const result = new Array<number>(terms).fill(0);
      for (const [index, term] of kept.entries()) result[term] = solved[index] ?? 0;
      return result;
    }
    kept = kept.filter((term) => term !== worst);
  }
}

/** Relative increase of each diagonal element, so that indistinguishable terms share what they explain. */
const RIDGE = 1e-9;

function solveNormal(equations: readonly Equation[], terms: readonly number[]): readonly number[] {
  const rows = equations.map(({factors, value}) => terms.map((term) => (factors[term] ?? 0) / value));
  const matrix = terms.map((_, i) => {
    const line = terms.map((__, j) => rows.reduce((sum, row) => sum + at(row, i) * at(row, j), 0));
    line[i] = at(line, i) * (1 + RIDGE);
    return [...line, rows.reduce((sum, row) => sum + at(row, i), 0)];
  });
  return eliminate(matrix);
}

/** Gaussian elimination with the largest pivot. The last column is the right-hand side. */
function eliminate(matrix: number[][]): readonly number[] {
  const size = matrix.length;
  for (let column = 0; column < size; column += 1) {
    const below = matrix.slice(column).map((row) => Math.abs(at(row, column)));
    const pivot = column + below.indexOf(Math.max(...below));
    const [upper, lower] = [matrix[column] ?? [], matrix[pivot] ?? []];
    matrix[column] = lower;
    matrix[pivot] = upper;
    for (const [index, row] of matrix.entries()) {
      if (index === column) continue;
      const share = at(row, column) / at(lower, column);
      for (let each = column; each <= size; each += 1) row[each] = at(row, each) - share * at(lower, each);
    }
  }
  return matrix.map((row, index) => at(row, size) / at(row, index));
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}
