/** The tables of docs/RELIABILITY.md. */
import os from 'node:os';
import type {AnyFault} from '../faults/cluster-fault.ts';
import type {ViolationKind} from '../history/history.ts';
import type {Mutant} from '../mutants/mutant.ts';
import type {RoundResult} from '../round.ts';

export interface FaultRun {
  readonly fault: AnyFault;
  readonly rounds: readonly RoundResult[];
  /** Why the fault did not run. */
  readonly unavailable?: string;
}

export interface MutantRun {
  readonly mutant: Mutant;
  /** Absent if the mutant did not run. `unavailable` has the reason. */
  readonly result?: RoundResult;
  readonly unavailable?: string;
}

export interface Report {
  readonly command: string;
  readonly seed: number;
  readonly faults: readonly FaultRun[];
  readonly mutants: readonly MutantRun[];
}

const LOST: readonly ViolationKind[] = ['lost', 'not-durable'];
const CORRUPT: readonly ViolationKind[] = ['corrupt', 'doubled', 'invented', 'session'];
const DOUBLE: readonly ViolationKind[] = ['dialed-twice'];

const FAULT_HEAD = `| fault | description | survived / rounds | acknowledged | lost | silent corruption | dials | double dials |
| --- | --- | --- | --- | --- | --- | --- | --- |`;

const MUTANT_HEAD = `| mutant | broken promise | fault | caught |
| --- | --- | --- | --- |`;

export function caught({mutant, result}: MutantRun): boolean {
  return result?.violations.some(({kind}) => mutant.caughtBy.includes(kind)) ?? false;
}

export function reportMarkdown({command, seed, faults, mutants}: Report): string {
  const [cpu] = os.cpus();
  const lines = [
    `\`${command}\`, seed ${seed}, ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${os.type()} ${os.release()},`,
    `${os.cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, load average at the end ${os.loadavg()[0]?.toFixed(1)}.`,
    '',
    FAULT_HEAD,
    ...faults.map(faultRow),
    totalRow(faults),
  ];
  if (mutants.length > 0) lines.push('', MUTANT_HEAD, ...mutants.map(mutantRow));
  return `${lines.join('\n')}\n`;
}

function faultRow({fault, rounds, unavailable}: FaultRun): string {
  if (rounds.length === 0)
    return row([
      `\`${fault.name}\``,
      fault.description,
      `not run: ${unavailable ?? 'no time'}`,
      '',
      '',
      '',
      '',
      '',
    ]);
  return row([`\`${fault.name}\``, fault.description, ...figures(rounds)]);
}

function totalRow(faults: readonly FaultRun[]): string {
  return row(['**all**', '', ...figures(faults.flatMap(({rounds}) => rounds))]);
}

function figures(rounds: readonly RoundResult[]): readonly string[] {
  const survived = rounds.filter(({violations}) => violations.length === 0).length;
  const sum = (figure: (round: RoundResult) => number) =>
    rounds.reduce((total, round) => total + figure(round), 0);
  const count = (kinds: readonly ViolationKind[]) =>
    String(sum(({violations}) => violations.filter(({kind}) => kinds.includes(kind)).length));
  return [
    `${survived} / ${rounds.length}`,
    String(sum(({acknowledged}) => acknowledged)),
    count(LOST),
    count(CORRUPT),
    String(sum(({dials}) => dials)),
    count(DOUBLE),
  ];
}

function mutantRow(run: MutantRun): string {
  const {mutant, result, unavailable} = run;
  const kinds = [...new Set(result?.violations.map(({kind}) => kind))].join(', ');
  const how =
    result === undefined ? `not run: ${unavailable ?? ''}` : caught(run) ? `yes: ${kinds}` : '**no**';
  return row([`\`${mutant.name}\``, mutant.description, `\`${mutant.fault}\``, how]);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
