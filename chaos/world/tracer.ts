/**
 * `strace` attached to the running gateway. It makes disk system calls fail or slow, or records their order. Faults are
 * injected into the journal's threads only, so that other delays come from the gateway and not from the tracing.
 */
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync} from 'node:fs';
import {until} from '../../test/support/until.ts';

/** Returns why tracing is not possible on this machine; `undefined` if it is. */
export function tracingUnavailable(): string | undefined {
  if (process.platform !== 'linux') return 'needs strace, which runs on Linux only';
  // Something to trace: where ptrace is forbidden, strace starts and fails.
  const {error, status} = spawnSync('strace', ['-e', 'trace=none', 'true'], {
    stdio: 'ignore',
    timeout: 5000,
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT')
    return 'strace is not installed on this machine (apt-get install strace)';
  return status === 0
    ? undefined
    : 'strace may not trace here (in a container: docker run --cap-add SYS_PTRACE)';
}

/** IDs of the worker threads: the journal's writer and reader. */
function workerThreads(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).filter(
    (thread) => readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim() === 'WorkerThread',
  );
}

export class Tracer implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Injects a rule of `strace -e inject=`, such as `fsync,fdatasync:error=EIO`, until disposal. */
  static inject(pid: number, rule: string): Promise<Tracer> {
    const syscalls = rule.split(':')[0];
    const threads = workerThreads(pid).flatMap((thread) => ['-p', thread]);
    return Tracer.#attach([...threads, '-e', `trace=${syscalls}`, '-e', `inject=${rule}`, '-o', '/dev/null']);
  }

  /** Records `syscalls` of all threads in `file`, with paths and the first bytes of the data. */
  static record(pid: number, syscalls: string, file: string): Promise<Tracer> {
    return Tracer.#attach(['-f', '-p', String(pid), '-y', '-s', '48', '-e', `trace=${syscalls}`, '-o', file]);
  }

  static async #attach(args: readonly string[]): Promise<Tracer> {
    const child = spawn('strace', args, {stdio: ['ignore', 'ignore', 'pipe']});
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    await until(() => said.includes('attached') || child.exitCode !== null, {what: 'strace to attach'});
    if (child.exitCode !== null) throw new Error(`strace: ${said}`);
    return new Tracer(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    // On SIGINT, strace detaches from the process and exits.
    this.#child.kill('SIGINT');
    await exited;
  }
}
