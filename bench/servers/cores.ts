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

/** Keeps this process, all threads, off the servers' core. */
export function leaveServerCore(): void {
  if (!isPinned) return;
  const others = `1-${os.cpus().length - 1}`;
  spawnSync('taskset', ['-a', '-c', '-p', others, String(process.pid)], {stdio: 'ignore'});
}
