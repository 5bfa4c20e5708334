/** The answer to a question as Markdown: what is compared, a table, the targets and whether they are met. */
import type {Chart} from './chart.ts';
import type {Figure} from './statistics.ts';

export interface Section {
  readonly title: string;
  /** Sentences about how it is measured and with what it is compared. */
  readonly compared: readonly string[];
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  readonly charts?: readonly ChartOfSection[];
  /** What another machine would find too; compared with `bench/baseline.json`. */
  readonly ratios?: readonly Ratio[];
}

export interface ChartOfSection {
  readonly chart: Chart;
  /** Whether it grows faster than linearly. */
  readonly growth: string;
}

/** Ours to a peer's in the same run: less is better. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Target {
  /** What is wanted, with its limit. */
  readonly wanted: string;
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
  /** Which side of the limit is good. @default 'at most' */
  readonly side?: 'at most' | 'at least';
  /** What a profile says stands in the way, said where the target is missed. */
  readonly inTheWay?: string;
}

const LINE_CHARS = 118;

export function sectionMarkdown({title, compared, tables, targets, charts = []}: Section): string {
  const parts = [`## ${title}`, wrap(compared.join(' ')), ...tables.map(tableMarkdown)];
  for (const {chart, growth} of charts)
    parts.push(`![${chart.title}](images/bench-${chart.name}.svg)`, wrap(growth));
  if (targets.length > 0) parts.push(targets.map(targetMarkdown).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

/** Broken into lines as the other documents are. */
export function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > LINE_CHARS) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}

/** `median (min–max)`, or the median alone when it was measured once. */
export function show({median, min, max}: Figure): string {
  return min === max ? number(median) : `${number(median)} (${number(min)}–${number(max)})`;
}

/** How many times as much as the peer. */
export function ratio(ours: Figure, theirs: Figure): string {
  return `${number(ours.median / theirs.median)} ×`;
}

/** Three digits, or all that stand before the point. */
export function number(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', {minimumFractionDigits: digits, maximumFractionDigits: digits});
}

/** A line: what was wanted, what was measured, and by how much it was missed. */
export function targetMarkdown({wanted, measured, limit, unit, side = 'at most', inTheWay}: Target): string {
  const met = side === 'at most' ? measured <= limit : measured >= limit;
  const off = limit === 0 ? '' : ` by ${number(Math.abs(measured / limit - 1) * 100)} %`;
  const verdict = met ? 'met' : `**missed**${off}`;
  const reason =
    met || inTheWay === undefined
      ? ''
      : `\n${wrap(`What stands in the way: ${inTheWay}`)}`.replaceAll('\n', '\n  ');
  return `- Target: ${wanted}. Measured ${number(measured)} ${unit}: ${verdict}.${reason}`;
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

/** The first column is text, the others are figures. */
function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}
