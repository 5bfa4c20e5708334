/** Renders the result of a benchmark as Markdown: the method, tables, charts, and the targets. */
import type {Chart} from './chart.ts';
import type {Figure} from './statistics.ts';

export interface Section {
  readonly title: string;
  /** How it is measured, one fact per entry. Each becomes a list item. */
  readonly method: readonly string[];
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  readonly charts?: readonly ChartOfSection[];
  /** Machine-independent results, compared with `bench/baseline.json`. */
  readonly ratios?: readonly Ratio[];
}

export interface ChartOfSection {
  readonly chart: Chart;
  /** A sentence about the growth. */
  readonly growth: string;
}

/** The gateway's figure divided by a peer's in the same run. Lower is better. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Target {
  /** The goal with its limit. */
  readonly goal: string;
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
  /** The side of the limit that meets the goal. @default 'at most' */
  readonly side?: 'at most' | 'at least';
  /** The cause according to a profile, printed if the target is missed. */
  readonly cause?: string;
}

const LINE_CHARS = 100;

export function sectionMarkdown({title, method, tables, targets, charts = []}: Section): string {
  const parts = [`## ${title}`, method.map(listItem).join('\n'), ...tables.map(tableMarkdown)];
  for (const {chart, growth} of charts)
    parts.push(`![${chart.title}](images/bench-${chart.name}.svg)`, wrap(growth));
  if (targets.length > 0) parts.push(targets.map(targetMarkdown).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

/** Wraps a text at the line length of the documentation. */
export function wrap(text: string, lineChars = LINE_CHARS): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > lineChars) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}

function listItem(text: string): string {
  return `- ${wrap(text, LINE_CHARS - 2).replaceAll('\n', '\n  ')}`;
}

/** `median (min–max)`, or only the median of a single measurement. */
export function show({median, min, max}: Figure): string {
  return min === max ? number(median) : `${number(median)} (${number(min)}–${number(max)})`;
}

/** The gateway's figure as a multiple of the peer's. */
export function ratio(ours: Figure, theirs: Figure): string {
  return `${number(ours.median / theirs.median)} ×`;
}

/** Three significant digits, and all digits before the decimal point. */
export function number(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', {minimumFractionDigits: digits, maximumFractionDigits: digits});
}

/** A list item: the goal, the measurement, and by how much the target was missed. */
export function targetMarkdown({goal, measured, limit, unit, side = 'at most', cause}: Target): string {
  const met = side === 'at most' ? measured <= limit : measured >= limit;
  const off = limit === 0 ? '' : ` by ${number(Math.abs(measured / limit - 1) * 100)} %`;
  const verdict = met ? 'met' : `**missed**${off}`;
  const reason = met || cause === undefined ? '' : ` Cause: ${cause}`;
  return listItem(`Target: ${goal}. Measured ${number(measured)} ${unit}: ${verdict}.${reason}`);
}

export function tableMarkdown({head, rows}: Table): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Aligns the first column to the left and the figures to the right. */
function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}
