/** Server on one core, generator on another, where the system can do that. */
import {spawnSync} from 'node:child_process';
import os from 'node:os';

const SERVER_CORE = '0';

/** Whether `taskset` is there and there are cores to divide. */
export const isPinned: boolean =
  os.availableParallelism() >= 2 && spawnSync('taskset', ['--version'], {stdio: 'ignore'}).status === 0;

/** The command that runs `argv` on the servers' core. */
export function onServerCore(argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return isPinned ? ['taskset', '-c', SERVER_CORE, ...argv] : argv;
}

/** The command that runs `argv` on the generator's cores: a database, so that the gateways have theirs to themselves. */
export function besideGenerator(argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return isPinned ? ['taskset', '-c', generatorCores(), ...argv] : argv;
}

/** Keeps this process, all threads, off the servers' core. */
export function leaveServerCore(): void {
  if (!isPinned) return;
  spawnSync('taskset', ['-a', '-c', '-p', generatorCores(), String(process.pid)], {stdio: 'ignore'});
}

/** What shares what where several gateways and a database are measured, in the words of the report. */
export function sharedCores(): string {
  if (!isPinned)
    return 'Gateways, Postgres and the generator share the cores of the machine as the system divides them.';
  const others = os.cpus().length === 2 ? 'the other one' : 'the others';
  return `All gateways share one core; Postgres shares ${others} with the generator.`;
}

/** All but the servers'. */
function generatorCores(): string {
  return `1-${os.cpus().length - 1}`;
}
