/**
 * What a test has started ends with its process, however that ends: a file that takes too long is ended by a signal, after which no
 * handler of ours runs. A shell that nobody else talks to reads which processes there are, and kills them when we hang up.
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

let told: Writable | undefined;

/** Ends `child` when this process has ended without doing so. */
export function endsWithUs(child: ChildProcess): void {
  const {pid} = child;
  // Without a shell there is only what ends in order.
  if (pid === undefined || process.platform === 'win32') return;
  told ??= openReaper();
  told.write(`+ ${pid}\n`);
  child.once('exit', () => told?.write(`- ${pid}\n`));
}

function openReaper(): Writable {
  // Of a group of its own: Ctrl-C is for us, and it has to outlive us for a moment. No pipe of ours but the one it reads.
  const reaper = spawn('sh', ['-c', SCRIPT], {detached: true, stdio: ['pipe', 'ignore', 'ignore']});
  reaper.on('error', () => {});
  reaper.stdin.on('error', () => {});
  reaper.unref();
  (reaper.stdin as unknown as {unref(): void}).unref();
  return reaper.stdin;
}
