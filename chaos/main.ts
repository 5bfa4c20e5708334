/** `npm run chaos`: breaks things around a real gateway, round after round, and prints what it survived. */
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

/** Between these the document holds the tables of the last run. */
const BEGIN = '<!-- npm run chaos: begin -->';
const END = '<!-- npm run chaos: end -->';

/** A round that takes longer hangs. */
const ROUND_DEADLINE_MS = 240_000;

const HELP = `Usage: npm run chaos [-- options]

Runs the gateway as a process against the simulator, with real sessions, breaks something, and checks what was seen.

  --seed <n>        everything that is drawn comes from it; round r of a fault has seed n + r [drawn, and printed]
  --rounds <n>      rounds of each fault [1]
  --minutes <n>     instead: go through the faults again and again for so long
  --fault <name>    only this one; may be repeated
  --nodes <2|3>     gateways that share one Postgres, and the faults of those (their names begin with pg-) [3 where one is named]
  --mutant <name>   a gateway with a promise broken, under the fault that finds it; 'all' for every one. Exit code 0: caught
  --short           as in the tests: broken for seconds, not for as long as in the field
  --sessions <n>    sessions that come back at once in a stampede [150 with --short, else 1000]
  --write           a whole run, with all mutants, and its tables go to docs/RELIABILITY.md
  --help

Faults: ${faults.map(({name}) => name).join(', ')}
On Postgres: ${clusterFaults.map(({name}) => name).join(', ')}
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
  // A round that hung may still hold sockets.
  setImmediate(() => process.exit(code));
  return code;
}

/** `undefined`: help is wanted. @throws Error — for what cannot be done */
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
    throw new Error('--nodes is 2 or 3, a whole number.');
  if (write && (fault !== undefined || mutant !== undefined || nodes !== undefined))
    throw new Error('--write needs a whole run: leave out --fault, --mutant and --nodes.');
  const chosen = mutant === 'all' || write ? mutants : mutant === undefined ? [] : [findMutant(mutant)];
  return {
    seed: wholeNumber(values.seed ?? String(Math.floor(Math.random() * 1_000_000)), '--seed'),
    rounds: wholeNumber(values.rounds ?? '1', '--rounds'),
    ...(minutes === undefined ? {} : {minutes: Number(minutes)}),
    // With a mutant, a fault says under what it is to be found.
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
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} is a whole number, not ${text}.`);
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
    () => resolve(failed(`the round did not end in ${ROUND_DEADLINE_MS} ms`)),
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
