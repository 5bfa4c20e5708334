/** Figures of one node, as `docs/BENCHMARKS.md` has them: read from its tables, so that no second copy of them goes stale. */

/** What sessions and webhooks cost a node. */
export interface NodeFigures {
  /** CPU of a message to one session, written by itself, in µs. */
  readonly messageUs: number;
  /** The same where ten are written together. */
  readonly messageOfTenUs: number;
  /** CPU of a webhook, all out, on SQLite, in µs. */
  readonly webhookUs: number;
  /** Webhooks a second that one node answers on SQLite, all out. */
  readonly webhooksPerSecond: number;
  /** CPU of an idle session, as a share of a core. */
  readonly idleShare: number;
  /** Memory of a session, in bytes. */
  readonly sessionBytes: number;
  /** Memory of a node without sessions, in bytes. */
  readonly processBytes: number;
  /** Of the run. */
  readonly date: string;
  readonly machine: string;
}

/** In the title of the table. */
const IDLE_SESSIONS = 10_000;

/** @throws Error — a figure is not where it was */
export function nodeFigures(benchmarks: string): NodeFigures {
  const of = (table: string, column: string) => cellOf(benchmarks, {table, row: 'gateway', column});
  return {
    messageUs: of('single events', 'CPU µs per message'),
    messageOfTenUs: of('bursts of ten', 'CPU µs per message'),
    webhookUs: of('all out', 'CPU µs per callback'),
    webhooksPerSecond: of('all out', 'callbacks/s'),
    idleShare: of('idle', '% of a core') / 100 / IDLE_SESSIONS,
    sessionBytes: of('KB per session', 'as it is') * 1000,
    processBytes: of('KB per session', 'MB at 0') * 1_000_000,
    date: lineOf(benchmarks, 'date'),
    machine: lineOf(benchmarks, 'machine'),
  };
}

/** From a webhook at one node to a session at another, as it was measured. */
export interface AcrossFigures {
  readonly nodes: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const ACROSS_P50 = 'another node: p50, ms';

/** None where the run did not come to it. */
export function acrossFigures(benchmarks: string): readonly AcrossFigures[] {
  const lines = benchmarks.split('\n').map(cellsOf);
  const at = lines.findIndex((cells) => cells[0] === 'nodes' && cells.includes(ACROSS_P50));
  if (at === -1) return [];
  const p50 = lines[at]?.indexOf(ACROSS_P50) ?? -1;
  const rows = lines.slice(at + 2);
  const end = rows.findIndex((cells) => cells.length === 0);
  return rows.slice(0, end === -1 ? rows.length : end).map((cells) => ({
    nodes: numberIn(cells[0]),
    perSecond: numberIn(cells[1]),
    p50Ms: numberIn(cells[p50]),
    // The p99 that goes with it is beside it.
    p99Ms: numberIn(cells[p50 + 1]),
  }));
}

/** Whether the nodes of that run had one core together. */
export function sharedOneCore(benchmarks: string): boolean {
  return /All\s+gateways\s+share\s+one\s+core/.test(benchmarks);
}

interface Cell {
  /** What stands in the first column of its head. */
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

/** The number that a cell begins with. */
function cellOf(benchmarks: string, {table, row, column}: Cell): number {
  const lines = benchmarks.split('\n').map(cellsOf);
  const head = lines.findIndex((cells) => cells[0] === table && cells.includes(column));
  const found = lines.slice(head + 1).find((cells) => cells[0] === row);
  const text = found?.[lines[head]?.indexOf(column) ?? -1] ?? '';
  const value = numberIn(text);
  if (head === -1 || Number.isNaN(value))
    throw new Error(`docs/BENCHMARKS.md has no figure in table “${table}”, row “${row}”, column “${column}”`);
  return value;
}

function cellsOf(line: string): readonly string[] {
  if (!line.startsWith('|')) return [];
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** Of `1,234 (1,200–1,300)` the first. */
function numberIn(text = ''): number {
  return Number.parseFloat(text.replaceAll(',', ''));
}

function lineOf(benchmarks: string, name: string): string {
  const found = benchmarks.split('\n').find((line) => line.startsWith(`- ${name}: `));
  if (found === undefined) throw new Error(`docs/BENCHMARKS.md does not say its ${name}`);
  return found.slice(`- ${name}: `.length);
}
