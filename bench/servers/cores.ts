/** Pins the servers to one core and the generator to the others, where the system supports it. */
import {spawnSync} from 'node:child_process';
import os from 'node:os';

const SERVER_CORE = '0';

/** Whether `taskset` is available and there are at least two cores. */
export const isPinned: boolean =
  os.availableParallelism() >= 2 && spawnSync('taskset', ['--version'], {stdio: 'ignore'}).status === 0;

/** The command that runs `argv` on the servers' core. */
export function onServerCore(argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return isPinned ? ['taskset', '-c', SERVER_CORE, ...argv] : argv;
}

/** The command that runs `argv` on the generator's cores, so that a database does not compete with the gateways. */
export function onGeneratorCores(argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return isPinned ? ['taskset', '-c', generatorCores(), ...argv] : argv;
}

/** Moves all threads of this process off the servers' core. */
export function leaveServerCore(): void {
  if (!isPinned) return;
  spawnSync('taskset', ['-a', '-c', '-p', generatorCores(), String(process.pid)], {stdio: 'ignore'});
}

/** Describes how gateways, Postgres and the generator share cores, for the report. */
export function sharedCores(): string {
  if (!isPinned) return 'Gateways, Postgres and the generator share all cores.';
  const others = os.cpus().length === 2 ? 'the other' : 'the others';
  return `All gateways share one core; Postgres shares ${others} with the generator.`;
}

/** All cores except the servers' core. */
function generatorCores(): string {
  return `1-${os.cpus().length - 1}`;
}
