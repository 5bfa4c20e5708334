/** Runs `journal-child.ts` and kills it. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';

const child = fileURLToPath(new URL('./journal-child.ts', import.meta.url));

export interface KilledChild {
  readonly epoch: string;
  /** Dedupe keys by offset, as acknowledged. */
  readonly acknowledged: ReadonlyMap<number, string>;
}

/** Starts appending to `file`, and kills the process after `acknowledgements` acknowledged entries. */
export async function appendUntilKilled(
  file: string,
  {firstCall, acknowledgements}: {firstCall: number; acknowledgements: number},
): Promise<KilledChild> {
  const running = spawn(process.execPath, [child, file, String(firstCall)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let lines = 0;
  running.stdout.setEncoding('utf8');
  running.stdout.on('data', (text: string) => {
    output += text;
    lines += text.split('\n').length - 1;
    if (lines > acknowledgements) running.kill('SIGKILL');
  });
  const [, signal] = (await once(running, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`the child exited by itself: ${output.slice(-500)}`);
  const acknowledged = new Map<number, string>();
  let epoch = '';
  // An incomplete line was not acknowledged.
  for (const line of output.slice(0, output.lastIndexOf('\n')).split('\n')) {
    const [first = '', second = ''] = line.split(' ');
    if (first === 'epoch') epoch = second;
    else acknowledged.set(Number(first), second);
  }
  return {epoch, acknowledged};
}
