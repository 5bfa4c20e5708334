/**
 * Ends child processes with the test process, even if a signal kills it and no handler runs. A separate shell reads the
 * PIDs from a pipe and kills the processes when the pipe closes.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import type {Writable} from 'node:stream';

const SCRIPT = `pids=
while read -r sign pid; do
  left=
  for each in $pids; do [ "$each" = "$pid" ] || left="$left $each"; done
  pids=$left
  [ "$sign" = + ] && pids="$pids $pid"
done
[ -n "$pids" ] && kill -9 $pids`;

let reaper: Writable | undefined;

/** Kills `child` if this process ends first. */
export function killOnExit(child: ChildProcess): void {
  const {pid} = child;
  // On Windows there is no shell, so only an orderly exit ends the child.
  if (pid === undefined || process.platform === 'win32') return;
  reaper ??= openReaper();
  reaper.write(`+ ${pid}\n`);
  child.once('exit', () => reaper?.write(`- ${pid}\n`));
}

function openReaper(): Writable {
  // In its own process group, because Ctrl-C must not end it before it has done its work.
  const shell = spawn('sh', ['-c', SCRIPT], {detached: true, stdio: ['pipe', 'ignore', 'ignore']});
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as unknown as {unref(): void}).unref();
  return shell.stdin;
}
