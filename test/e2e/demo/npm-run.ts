/** Runs `npm run …` as in a terminal: in its own process group, without this process's environment. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync} from 'node:fs';
import {connect} from 'node:net';
import path from 'node:path';
import {until} from '../../support/until.ts';

const ROOT = path.join(import.meta.dirname, '../../..');

export class NpmRun implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly group: number;
  stdout = '';
  stderr = '';
  readonly #exited: Promise<{code: number | null; signal: string | null}>;

  constructor(script: string, env: Readonly<Record<string, string>> = {}) {
    const {HOME = ''} = process.env;
    this.child = spawn('npm', ['run', '-s', script], {
      cwd: ROOT,
      env: {PATH: pathWithoutUs(), HOME, ...env},
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    if (this.child.pid === undefined) throw new Error('could not start npm');
    this.group = this.child.pid;
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#exited = once(this.child, 'close').then(() => ({
      code: this.child.exitCode,
      signal: this.child.signalCode,
    }));
  }

  /** Waits for a pattern in the output. Resolves with the match. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    return until(
      () => {
        const found = pattern.exec(this.stdout);
        if (found === null && this.child.exitCode !== null)
          throw new Error(`the process exited: ${this.stderr}`);
        return found ?? undefined;
      },
      {what: `${pattern}`, timeoutMs: 30_000},
    );
  }

  /** Signals npm, its shell and the gateway at once, as a terminal does on Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.group, signal);
  }

  /** Signals npm only, as `kill` or a supervisor does. */
  signalNpm(signal: NodeJS.Signals): void {
    process.kill(this.group, signal);
  }

  /** Resolves when npm and all processes that hold its output have ended. */
  exited(): Promise<{code: number | null; signal: string | null}> {
    return this.#exited;
  }

  /** Command lines of the group's remaining processes. Needs `/proc`. */
  running(): string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
          const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
          if (Number(group) !== this.group || state === 'Z') return [];
          return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
        } catch {
          return [];
        }
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.signalGroup('SIGKILL');
    } catch {
      // The group has already ended.
    }
    await this.#exited;
  }
}

/** PATH without the folders that npm adds for the script that runs the tests. */
export function pathWithoutUs(): string {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
    .join(path.delimiter);
}

/** Whether a process listens on this local port. */
export async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
