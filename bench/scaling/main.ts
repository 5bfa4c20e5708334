/** `npm run scaling`: the figures of docs/SCALING.md from what was measured last, or those of a demand that is named. */
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {chartSvg} from '../report/chart.ts';
import {tableMarkdown} from '../report/section.ts';
import {acrossFigures, nodeFigures, sharedOneCore} from './benchmark-figures.ts';
import {calibrate} from './costs.ts';
import {answerChart, type Basis, parts, sizingTable, withParts} from './document.ts';
import {appendMeasurements, groupMeasurements, measuredOn} from './measured.ts';

const REPOSITORY = path.join(import.meta.dirname, '../..');
const DOCUMENT = path.join(REPOSITORY, 'docs/SCALING.md');
const BENCHMARKS = path.join(REPOSITORY, 'docs/BENCHMARKS.md');
const IMAGES = path.join(REPOSITORY, 'docs/images');

const HELP = `Usage: npm run scaling [-- options]

Prints the figures of docs/SCALING.md, from what \`npm run bench -- --write\` measured last.

  --write             writes them into docs/SCALING.md, and its picture
  --events <number>   instead: how many nodes so many events a second take, in the busiest second …
  --sessions <number> … with so many sessions [1000] …
  --audience <number> … of which so many are told of each event [all]
  --help
`;

/** Where the figures are from. @throws Error — nothing has been measured yet, or docs/BENCHMARKS.md lacks a figure */
export function basis(): Basis {
  if (groupMeasurements.length === 0)
    throw new Error('bench/scaling/measured.json is empty: `npm run bench -- --write` makes it.');
  const benchmarks = readFileSync(BENCHMARKS, 'utf8');
  return {
    costs: calibrate(groupMeasurements, appendMeasurements),
    figures: nodeFigures(benchmarks),
    across: acrossFigures(benchmarks),
    ...(sharedOneCore(benchmarks) ? {nodeCores: 1} : {}),
    measuredOn,
    groups: groupMeasurements,
  };
}

/** Returns the exit code. */
export function main(argv: readonly string[]): number {
  try {
    process.stdout.write(answer(argv));
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 1;
  }
}

function answer(argv: readonly string[]): string {
  const {values} = parseArgs({
    args: [...argv],
    options: {
      write: {type: 'boolean', default: false},
      events: {type: 'string'},
      sessions: {type: 'string'},
      audience: {type: 'string'},
      help: {type: 'boolean', short: 'h', default: false},
    },
  });
  if (values.help) return HELP;
  const known = basis();
  if (values.events !== undefined) {
    const sessions = numberOf('sessions', values.sessions ?? '1000');
    const audience = Math.min(sessions, numberOf('audience', values.audience ?? String(sessions)));
    const perSecond = numberOf('events', values.events);
    if (perSecond === 0) throw new Error('Without events one node does it.');
    return `${tableMarkdown(sizingTable(known, [{perSecond, sessions, audience}]))}\n`;
  }
  const made = parts(known);
  if (values.write) {
    writeFileSync(DOCUMENT, withParts(readFileSync(DOCUMENT, 'utf8'), made));
    const chart = answerChart(known);
    writeFileSync(path.join(IMAGES, `bench-${chart.name}.svg`), chartSvg(chart));
  }
  return `${Object.values(made).join('\n\n')}\n`;
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new Error(`--${name} is a number of 0 or more.`);
  return value;
}
