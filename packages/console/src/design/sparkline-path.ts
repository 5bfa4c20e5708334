/** The geometry of a sparkline. */

export interface SparklinePath {
  /** Data of an SVG path, with a gap for each missing value. */
  readonly line: string;
  readonly area: string;
}

/**
 * Fits `values`, oldest first, into `width` × `height`, with zero at the bottom.
 * @param max the value at the top. @default the largest value
 */
export function sparklinePath(
  values: readonly (number | undefined)[],
  {width, height, max}: {readonly width: number; readonly height: number; readonly max?: number},
): SparklinePath {
  const top = Math.max(max ?? 0, ...values.map((value) => value ?? 0)) || 1;
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const x = (index: number) => round(index * step);
  const y = (value: number) => round(height - (value / top) * height);
  let line = '';
  let area = '';
  for (const {start, run} of runs(values)) {
    const points = run.map((value, index) => `${x(start + index)} ${y(value)}`).join('L');
    line += `M${points}`;
    area += `M${x(start)} ${height}L${points}L${x(start + run.length - 1)} ${height}Z`;
  }
  return {line, area};
}

/** Groups neighboring values that exist. */
function runs(values: readonly (number | undefined)[]): {start: number; run: number[]}[] {
  const found: {start: number; run: number[]}[] = [];
  let open: {start: number; run: number[]} | undefined;
  for (const [index, value] of values.entries()) {
    if (value === undefined) open = undefined;
    else if (open === undefined) {
      open = {start: index, run: [value]};
      found.push(open);
    } else open.run.push(value);
  }
  return found;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
