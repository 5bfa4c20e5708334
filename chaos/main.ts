/** `npm run chaos`: injects faults into a real gateway, round after round, and prints the results. */
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';
import type {AnyFault} from './faults/cluster-fault.ts';
import type {FaultSize} from './faults/fault.ts';
import {clusterFaults, faults, findFault} from './faults/index.ts';
import type {Mutant} from './mutants/mutant.ts';
import {findMutant, mutants} from './mutants/mutants.ts';
import {caught, type FaultRun, type MutantRun, reportMarkdown} from './report/report.ts';
import {type RoundResult, runRound} from './round.ts';

const DOCUMENT = path.join(import.meta.dirname, '../docs/RELIABILITY.md');

/** The document holds the tables of the last run between these lines. */
const BEGIN = '<!-- npm run chaos: begin -->';
const END = '<!-- npm run chaos: end -->';

/** Time limit of a round. */
const ROUND_DEADLINE_MS = 240_000;

const HELP = `Usage: npm run chaos [-- options]

Runs the gateway as a process against the simulator, with real sessions, injects faults, and checks the results.

  --seed <n>        seed of all random choices; round r of a fault uses n + r [random, printed at the start]
  --rounds <n>      rounds of each fault [1]
  --minutes <n>     repeat all faults for this time instead
  --fault <name>    only this fault; repeatable
  --nodes <2|3>     run the faults of several gateways on one Postgres (pg-…) with this many gateways [3 for a named fault]
  --mutant <name>   run a gateway with a broken promise under the fault that finds it, or 'all'; exit code 0 if caught
  --short           faults of a few seconds, as in the tests, instead of a duration as in production
  --sessions <n>    sessions that reconnect at once in a stampede [150 with --short, else 1000]
  --write           run all faults and mutants, and write the tables to docs/RELIABILITY.md
  --help

Faults: ${faults.map(({name}) => name).join(', ')}
With --nodes: ${clusterFaults.map(({name}) => name).join(', ')}
Mutants: ${mutants.map(({name}) => name).join(', ')}
`;

interface Plan {
  readonly seed: number;
  readonly rounds: number;
  readonly minutes?: number;
  readonly faults: readonly AnyFault[];
  readonly mutants: readonly Mutant[];
  readonly size: FaultSize;
  readonly crowd?: number;
  readonly nodes?: number;
  readonly write: boolean;
}

export async function main(argv: readonly string[]): Promise<number> {
  let plan: Plan | undefined;
  try {
    plan = parsePlan(argv);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 1;
  }
  if (plan === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.on(signal, () => process.exit(code));
  const code = await run(plan, `npm run chaos -- ${argv.join(' ')}`.trim());
  // A round that timed out may still hold sockets.
  setImmediate(() => process.exit(code));
  return code;
}

/** @returns `undefined` for `--help` @throws Error for invalid arguments */
function parsePlan(argv: readonly string[]): Plan | undefined {
  const {values} = parseArgs({
    args: [...argv],
    options: {
      seed: {type: 'string'},
      rounds: {type: 'string'},
      minutes: {type: 'string'},
      fault: {type: 'string', multiple: true},
      mutant: {type: 'string'},
      short: {type: 'boolean', default: false},
      sessions: {type: 'string'},
      nodes: {type: 'string'},
      write: {type: 'boolean', default: false},
      help: {type: 'boolean', short: 'h', default: false},
    },
  });
  if (values.help) return undefined;
  const {fault, mutant, write, sessions, minutes, nodes} = values;
  if (nodes !== undefined && nodes !== '2' && nodes !== '3')
    throw new Error(`--nodes must be 2 or 3, not ${nodes}.`);
  if (write && (fault !== undefined || mutant !== undefined || nodes !== undefined))
    throw new Error('--write needs a complete run. Remove --fault, --mutant and --nodes.');
  const chosen = mutant === 'all' || write ? mutants : mutant === undefined ? [] : [findMutant(mutant)];
  return {
    seed: wholeNumber(values.seed ?? String(Math.floor(Math.random() * 1_000_000)), '--seed'),
    rounds: wholeNumber(values.rounds ?? '1', '--rounds'),
    ...(minutes === undefined ? {} : {minutes: Number(minutes)}),
    // With a mutant, --fault replaces the mutant's own fault.
    faults:
      mutant === undefined ? (fault?.map(findFault) ?? (nodes === undefined ? faults : clusterFaults)) : [],
    mutants:
      fault?.[0] === undefined ? chosen : chosen.map((one) => ({...one, fault: fault[0] ?? one.fault})),
    size: values.short ? 'short' : 'long',
    ...(nodes === undefined ? {} : {nodes: Number(nodes)}),
    ...(sessions === undefined ? {} : {crowd: wholeNumber(sessions, '--sessions')}),
    write,
  };
}

function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, not ${text}.`);
  return Number(text);
}

async function run(plan: Plan, command: string): Promise<number> {
  const {seed} = plan;
  process.stderr.write(`seed ${seed}\n`);
  const faultRuns = await runFaults(plan);
  const mutantRuns: MutantRun[] = [];
  for (const mutant of plan.mutants) mutantRuns.push(await runMutant(mutant, seed, plan.nodes));
  const tables = reportMarkdown({command, seed, faults: faultRuns, mutants: mutantRuns});
  process.stdout.write(`\n${tables}`);
  if (plan.write) writeTables(tables);
  const survived = faultRuns.every(({rounds}) => rounds.every(({violations}) => violations.length === 0));
  return survived && mutantRuns.every((one) => caught(one) || one.result === undefined) ? 0 : 1;
}

async function runFaults({
  faults: chosen,
  rounds,
  minutes,
  seed,
  size,
  crowd,
  nodes,
}: Plan): Promise<readonly FaultRun[]> {
  const until = minutes === undefined ? undefined : performance.now() + minutes * 60_000;
  const results = new Map<AnyFault, RoundResult[]>(chosen.map((fault) => [fault, []]));
  const possible = chosen.filter(({unavailable}) => unavailable?.() === undefined);
  for (let round = 0; until === undefined ? round < rounds : performance.now() < until; round += 1) {
    for (const fault of possible) {
      if (until !== undefined && performance.now() > until) break;
      const result = await timed({
        fault,
        seed: seed + round,
        size,
        ...(crowd === undefined ? {} : {crowd}),
        ...(nodes === undefined ? {} : {nodes}),
      });
      results.get(fault)?.push(result);
      say(result);
    }
    if (possible.length === 0) break;
  }
  return [...results].map(([fault, done]) => {
    const unavailable = fault.unavailable?.();
    return {fault, rounds: done, ...(unavailable === undefined ? {} : {unavailable})};
  });
}

async function runMutant(mutant: Mutant, seed: number, nodes = 3): Promise<MutantRun> {
  const fault = findFault(mutant.fault);
  const unavailable = fault.unavailable?.();
  if (unavailable !== undefined) return {mutant, unavailable};
  const result = await timed({fault, seed, size: 'short', mutant: mutant.name, nodes});
  const found = caught({mutant, result});
  process.stderr.write(`${mutant.name} under ${fault.name}: ${found ? 'caught' : 'NOT CAUGHT'}\n`);
  return {mutant, result};
}

async function timed(options: Parameters<typeof runRound>[0]): Promise<RoundResult> {
  const {fault, seed} = options;
  const nothing = {acknowledged: 0, dials: 0, connections: 0, notes: []};
  const failed = (detail: string): RoundResult => ({
    ...nothing,
    fault: fault.name,
    seed,
    violations: [{kind: 'stuck', detail}],
  });
  const {promise: late, resolve} = Promise.withResolvers<RoundResult>();
  const deadline = setTimeout(
    () => resolve(failed(`the round did not finish within ${ROUND_DEADLINE_MS} ms`)),
    ROUND_DEADLINE_MS,
  );
  try {
    return await Promise.race([runRound(options), late]);
  } catch (error) {
    return failed(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    clearTimeout(deadline);
  }
}

function say({fault, seed, violations, acknowledged, dials, connections, notes}: RoundResult): void {
  const verdict = violations.length === 0 ? 'survived' : `${violations.length} VIOLATIONS`;
  const seen = `${acknowledged} acknowledged, ${dials} dials, ${connections} connections`;
  process.stderr.write(`${fault} (seed ${seed}): ${verdict}; ${[seen, ...notes].join('; ')}\n`);
  for (const {kind, detail} of violations) process.stderr.write(`  ${kind}: ${detail}\n`);
}

function writeTables(tables: string): void {
  const before = readFileSync(DOCUMENT, 'utf8');
  const [head, rest] = before.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined)
    throw new Error(`docs/RELIABILITY.md lacks ${BEGIN} or ${END}`);
  writeFileSync(DOCUMENT, `${head}${BEGIN}\n\n${tables}\n${END}${tail}`);
}
