/** `npm run bench`: asks the questions one after the other, prints their tables, and leaves nothing running. */
import {mkdirSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import type {Question, Run} from './question.ts';
import {fanOut} from './questions/fan-out.ts';
import {idleMemory} from './questions/idle-memory.ts';
import {start} from './questions/start.ts';
import {webhook} from './questions/webhook.ts';
import {describeMachine, isInMemory} from './report/machine.ts';
import {preamble, report} from './report/report.ts';
import {type Section, sectionMarkdown} from './report/section.ts';
import {Servers} from './servers/servers.ts';

const questions: readonly Question[] = [start, webhook, fanOut, idleMemory];
const REPOSITORY = path.join(import.meta.dirname, '..');
const DOCUMENT = path.join(REPOSITORY, 'docs/BENCHMARKS.md');

const HELP = `Usage: npm run bench [-- options]

Measures the gateway beside plain peers, in about two minutes, and prints the tables of docs/BENCHMARKS.md.

  --write             also writes docs/BENCHMARKS.md
  --only <question>   ${questions.map(({name}) => name).join(', ')}; may be repeated
  --dir <folder>      where journals are written [the system's temporary folder, unless it is in memory]
  --cpu-prof <folder> every server writes a CPU profile there; the figures are then slower ones
  --help
`;

interface Arguments {
  readonly chosen: readonly Question[];
  readonly write: boolean;
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
  const servers = new Servers({folder, profiles});
  process.on('exit', () => servers.clear());
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.on(signal, () => process.exit(code));
  return run(given, servers);
}

/** `undefined`: help is wanted. @throws for what cannot be done */
function parseArguments(argv: readonly string[]): Arguments | undefined {
  const {values} = parseArgs({
    args: [...argv],
    options: {
      write: {type: 'boolean', default: false},
      only: {type: 'string', multiple: true},
      dir: {type: 'string'},
      'cpu-prof': {type: 'string'},
      help: {type: 'boolean', short: 'h', default: false},
    },
  });
  if (values.help) return undefined;
  const {write, only, dir} = values;
  const unknown = only?.find((name) => !questions.some((question) => question.name === name));
  if (unknown !== undefined) throw new Error(`There is no question ${unknown}.`);
  const profiles = values['cpu-prof'];
  if (write && (only !== undefined || profiles !== undefined))
    throw new Error('--write needs a whole run: leave out --only and --cpu-prof.');
  return {
    chosen: questions.filter(({name}) => only === undefined || only.includes(name)),
    write,
    folder: path.resolve(dir ?? defaultFolder()),
    ...(profiles === undefined ? {} : {profiles: path.resolve(profiles)}),
  };
}

/** The repository's own `data/` (which git ignores) where the temporary folder is in memory. */
function defaultFolder(): string {
  if (!isInMemory(os.tmpdir())) return os.tmpdir();
  const folder = path.join(REPOSITORY, 'data');
  mkdirSync(folder, {recursive: true});
  return folder;
}

async function run({chosen, write}: Arguments, servers: Servers): Promise<number> {
  const machine = describeMachine(servers.folder());
  process.stdout.write(preamble(machine));
  const sections: Section[] = [];
  for (const question of chosen) {
    const progress = (line: string) => process.stderr.write(`${question.name}: ${line}\n`);
    const section = await answer(question, {servers, progress});
    if (section === undefined) continue;
    sections.push(section);
    process.stdout.write(`\n${sectionMarkdown(section)}`);
  }
  const complete = sections.length === chosen.length;
  if (write && complete) writeFileSync(DOCUMENT, report(machine, sections));
  if (write && !complete)
    process.stderr.write('docs/BENCHMARKS.md was not written: a question has no answer.\n');
  return complete ? 0 : 1;
}

/** The answer, or nothing when it failed or took too long; its servers are gone either way. */
async function answer({name, deadlineS, ask}: Question, run: Run): Promise<Section | undefined> {
  const {promise: late, reject} = Promise.withResolvers<never>();
  const deadline = setTimeout(() => reject(new Error(`no answer in ${deadlineS} s`)), deadlineS * 1000);
  try {
    return await Promise.race([ask(run), late]);
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.stack : String(error)}\n`);
    return undefined;
  } finally {
    clearTimeout(deadline);
    run.servers.killAll();
  }
}
