/** Compares ratios with the committed baseline. */
import {number, type Ratio} from './section.ts';

export interface Baseline {
  readonly date: string;
  readonly node: string;
  /** The relative increase of a ratio that a busy machine may cause in a short run. */
  readonly tolerance: number;
  readonly ratios: Readonly<Record<string, number>>;
}

/** More than the differences between short runs of one revision. */
export const TOLERANCE = 0.35;

export interface Comparison {
  readonly lines: readonly string[];
  /** Ratios beyond the tolerance, and ratios that were not measured. */
  readonly worse: readonly string[];
}

export function compareWithBaseline(ratios: readonly Ratio[], baseline: Baseline): Comparison {
  const worse: string[] = [];
  const lines = Object.entries(baseline.ratios).map(([name, was]) => {
    const value = ratios.find((ratio) => ratio.name === name)?.value;
    const limit = was * (1 + baseline.tolerance);
    // NaN must not pass either, so this does not test for `value > limit`.
    const isFine = value !== undefined && value <= limit;
    if (!isFine) worse.push(name);
    const now = value === undefined ? 'not measured' : number(value);
    return `${isFine ? 'ok   ' : 'WORSE'} ${name}: ${now} × (baseline ${number(was)}, at most ${number(limit)})`;
  });
  const added = ratios.filter(({name}) => baseline.ratios[name] === undefined);
  return {
    lines: [...lines, ...added.map(({name, value}) => `new   ${name}: ${number(value)} ×`)],
    worse,
  };
}

export function baselineOf(ratios: readonly Ratio[], date: string, node: string): Baseline {
  const rounded = ratios.map(({name, value}) => [name, Number(value.toPrecision(3))] as const);
  return {date, node, tolerance: TOLERANCE, ratios: Object.fromEntries(rounded)};
}
