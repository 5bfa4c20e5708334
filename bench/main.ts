/** `npm run bench`: runs the benchmarks one after the other, prints their tables, and leaves no process running. */
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {inspect, parseArgs} from 'node:util';
import type {Benchmark, BenchmarkContext} from './benchmark.ts';
import {clusterAppends} from './benchmarks/cluster-appends.ts';
import {clusterFaults} from './benchmarks/cluster-faults.ts';
import {clusterIdle} from './benchmarks/cluster-idle.ts';
import {clusterLatency} from './benchmarks/cluster-latency.ts';
import {eventLoop} from './benchmarks/event-loop.ts';
import {fanOut} from './benchmarks/fan-out.ts';
import {fanOutCurves} from './benchmarks/fan-out-curves.ts';
import {hotPaths} from './benchmarks/hot-paths.ts';
import {idleCpu} from './benchmarks/idle-cpu.ts';
import {idleMemory} from './benchmarks/idle-memory.ts';
import {intakeRate} from './benchmarks/intake-rate.ts';
import {journalSize} from './benchmarks/journal-size.ts';
import {latency} from './benchmarks/latency.ts';
import {price} from './benchmarks/price.ts';
import {resume} from './benchmarks/resume.ts';
import {webhook} from './benchmarks/webhook.ts';
import {type Baseline, baselineOf, compareWithBaseline} from './report/baseline.ts';
import {chartSvg} from './report/chart.ts';
import {describeMachine, isInMemory} from './report/machine.ts';
import {type Machine, preamble, report} from './report/report.ts';
import {type Ratio, type Section, sectionMarkdown} from './report/section.ts';
import {leaveServerCore} from './servers/cores.ts';
import {installPeers} from './servers/install-peers.ts';
import {Servers} from './servers/servers.ts';

const benchmarks: readonly Benchmark[] = [
  fanOut,
  latency,
  fanOutCurves,
  eventLoop,
  webhook,
  price,
  intakeRate,
  resume,
  idleMemory,
  idleCpu,
  hotPaths,
  journalSize,
  clusterLatency,
  clusterAppends,
  clusterIdle,
  clusterFaults,
];
const REPOSITORY = path.join(import.meta.dirname, '..');
const DOCUMENT = path.join(REPOSITORY, 'docs/BENCHMARKS.md');

/** Time limit of a whole run. Benchmarks that it does not reach are listed as missing. */
const LONGEST_RUN_S = 25 * 60;
const LONGEST_QUICK_S = 120;
const IMAGES = path.join(REPOSITORY, 'docs/images');
const BASELINE = path.join(REPOSITORY, 'bench/baseline.json');

const HELP = `Usage: npm run bench [-- options]

Measures the gateway and its peers and prints the tables of docs/BENCHMARKS.md. Prints the expected duration first.

  --write             also write docs/BENCHMARKS.md and its charts; with --quick, bench/baseline.json
  --quick             only ratios, in a minute; exit code 1 if a ratio is worse than bench/baseline.json allows
  --only <benchmark>  ${benchmarks.map(({name}) => name).join(', ')}; repeatable
  --dir <folder>      folder for the journals [the system's temporary folder, unless it is in memory]
  --cpu-prof <folder> write a CPU profile of every server there, which slows the servers down
  --help
`;

interface Arguments {
  readonly chosen: readonly Benchmark[];
  readonly write: boolean;
  readonly quick: boolean;
  readonly folder: string;
  readonly profiles?: string;
}

export async function main(argv: readonly string[]): Promise<number> {
  let given: Arguments | undefined;
  try {
    given = parseArguments(argv);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 1;
  }
  if (given === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  const {folder, profiles} = given;
  if (given.chosen.some(({peers}) => peers === true))
    installPeers((line) => process.stderr.write(`${line}\n`));
  const servers = new Servers({folder, profiles});
  process.on('exit', () => servers.clear());
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.on(signal, () => process.exit(code));
  return run(given, servers);
}

/** @returns `undefined` for `--help` @throws for invalid arguments */
function parseArguments(argv: readonly string[]): Arguments | undefined {
  const {values} = parseArgs({
    args: [...argv],
    options: {
      write: {type: 'boolean', default: false},
      quick: {type: 'boolean', default: false},
      only: {type: 'string', multiple: true},
      dir: {type: 'string'},
      'cpu-prof': {type: 'string'},
      help: {type: 'boolean', short: 'h', default: false},
    },
  });
  if (values.help) return undefined;
  const {write, quick, only, dir} = values;
  const unknown = only?.find((name) => !benchmarks.some((benchmark) => benchmark.name === name));
  if (unknown !== undefined) throw new Error(`Unknown benchmark: ${unknown}. Run with --help to list them.`);
  const profiles = values['cpu-prof'];
  if (write && (only !== undefined || profiles !== undefined))
    throw new Error('--write needs a complete run. Remove --only and --cpu-prof.');
  return {
    chosen: benchmarks.filter((benchmark) => isChosen(benchmark, only, quick)),
    write,
    quick,
    folder: path.resolve(dir ?? defaultFolder()),
    ...(profiles === undefined ? {} : {profiles: path.resolve(profiles)}),
  };
}

/** The temporary folder, or the repository's ignored `data/` if the temporary folder is in memory. */
function defaultFolder(): string {
  if (!isInMemory(os.tmpdir())) return os.tmpdir();
  const folder = path.join(REPOSITORY, 'data');
  mkdirSync(folder, {recursive: true});
  return folder;
}

function isChosen(
  {name, quick}: Benchmark,
  only: readonly string[] | undefined,
  wantsQuick: boolean,
): boolean {
  return (only === undefined || only.includes(name)) && (!wantsQuick || quick === true);
}

async function run(given: Arguments, servers: Servers): Promise<number> {
  const {chosen, write, quick} = given;
  const machine = describeMachine(servers.folder());
  leaveServerCore();
  const minutes = chosen.reduce((sum, {estimateS}) => sum + estimateS, 0) / 60;
  process.stderr.write(quick ? 'About a minute.\n' : `About ${Math.ceil(minutes)} minutes.\n`);
  if (!quick) process.stdout.write(preamble(machine));
  const endAt = performance.now() + 1000 * (quick ? LONGEST_QUICK_S : LONGEST_RUN_S);
  const sections: Section[] = [];
  const missing: string[] = [];
  for (const benchmark of chosen) {
    const progress = (line: string) => process.stderr.write(`${benchmark.name}: ${line}\n`);
    const section = await runWithDeadline(benchmark, {servers, quick, progress}, endAt);
    if (section === undefined) missing.push(benchmark.name);
    else {
      sections.push(section);
      if (!quick) process.stdout.write(`\n${sectionMarkdown(section)}`);
    }
  }
  if (quick) return finishQuick(sections, given);
  if (write) writeReport(machine, sections, missing);
  if (missing.length > 0) process.stderr.write(`Not measured: ${missing.join(', ')}.\n`);
  return missing.length === 0 ? 0 : 1;
}

function finishQuick(sections: readonly Section[], {write, chosen}: Arguments): number {
  const ratios: Ratio[] = sections.flatMap((section) => section.ratios ?? []);
  const isWhole = sections.length === chosen.length;
  if (write) {
    if (!isWhole) return 1;
    const baseline = baselineOf(ratios, new Date().toISOString().slice(0, 10), process.version);
    writeFileSync(BASELINE, `${JSON.stringify(baseline, undefined, 2)}\n`);
  }
  if (!existsSync(BASELINE)) {
    process.stderr.write(
      'bench/baseline.json is missing. Create it with: npm run bench -- --quick --write\n',
    );
    return 1;
  }
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline;
  const {lines, worse} = compareWithBaseline(ratios, baseline);
  process.stdout.write(`${lines.join('\n')}\n`);
  return isWhole && worse.length === 0 ? 0 : 1;
}

/** Writes the document and the charts. Charts of benchmarks without a result stay unchanged. */
function writeReport(machine: Machine, sections: readonly Section[], missing: readonly string[]): void {
  writeFileSync(DOCUMENT, report(machine, sections, missing));
  mkdirSync(IMAGES, {recursive: true});
  for (const {chart} of sections.flatMap((section) => section.charts ?? []))
    writeFileSync(path.join(IMAGES, `bench-${chart.name}.svg`), chartSvg(chart));
}

/** Runs a benchmark. Resolves with `undefined` on failure or timeout. Ends its servers in every case. */
async function runWithDeadline(
  {name, deadlineS, run}: Benchmark,
  context: BenchmarkContext,
  endAt: number,
): Promise<Section | undefined> {
  const leftMs = Math.min(deadlineS * 1000, endAt - performance.now());
  if (leftMs <= 0) return undefined;
  const {promise: late, reject} = Promise.withResolvers<never>();
  const deadline = setTimeout(
    () => reject(new Error(`timed out after ${Math.round(leftMs / 1000)} s`)),
    leftMs,
  );
  try {
    return await Promise.race([run(context), late]);
  } catch (error) {
    process.stderr.write(`${name}: ${inspect(error)}\n`);
    return undefined;
  } finally {
    clearTimeout(deadline);
    context.servers.killAll();
  }
}
