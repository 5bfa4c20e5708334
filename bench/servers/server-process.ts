/** A server under measurement: a process of its own, started, asked what it has used, and ended for certain. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {get} from 'node:http';
import {setTimeout as wait} from 'node:timers/promises';
import {onServerCore} from './cores.ts';
import type {ProbeQuestion, Usage} from './probe.ts';

export interface ServerProcessOptions {
  /** Program and arguments, without Node. */
  readonly argv: readonly string[];
  /** What runs them; whatever is not Node brings its probe along. @default Node */
  readonly runtime?: string;
  readonly nodeFlags?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly port: number;
  /** Without it the process starts as it would in production, and cannot be asked for its usage. @default true */
  readonly probed?: boolean;
}

const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 11_000;
const ANSWER_DEADLINE_MS = 10_000;
const LOOK_EVERY_MS = 2;

/** Enough of what it printed to see why it failed. */
const KEPT_OUTPUT_CHARS = 4000;

const PROBE = new URL('./probe.ts', import.meta.url).href;

export class ServerProcess {
  readonly port: number;
  /** Milliseconds from spawn to the first 200 of `/readyz`. */
  readonly readyMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, readyMs: number) {
    this.#child = child;
    this.port = port;
    this.readyMs = readyMs;
  }

  /** Resolves once `/readyz` says 200. `onSpawn` is told of the child at once, so that it can always be killed. */
  static async start(
    options: ServerProcessOptions,
    onSpawn: (child: ChildProcess) => void,
  ): Promise<ServerProcess> {
    const {argv, runtime, nodeFlags = [], env, cwd, port, probed = true} = options;
    const flags = probed ? [...nodeFlags, '--expose-gc', '--import', PROBE] : nodeFlags;
    const command: readonly [string, ...string[]] =
      runtime === undefined ? [process.execPath, ...flags, ...argv] : [runtime, ...argv];
    const [program, ...parameters] = onServerCore(command);
    const startedAt = performance.now();
    const child = spawn(program, parameters, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...(probed ? (['ipc'] as const) : [])],
    });
    onSpawn(child);
    const output = keepOutput(child);
    while (!(await isReady(port))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${argv.join(' ')} ended before it was ready:\n${output()}`);
      if (performance.now() - startedAt > START_DEADLINE_MS)
        throw new Error(`${argv.join(' ')} was not ready in ${START_DEADLINE_MS} ms:\n${output()}`);
      await wait(LOOK_EVERY_MS);
    }
    return new ServerProcess(child, port, performance.now() - startedAt);
  }

  /** What the process has used so far. */
  async usage(question: ProbeQuestion = 'usage'): Promise<Usage> {
    const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS);
    const answer = once(this.#child, 'message', {signal});
    this.#child.send(question);
    const [usage] = (await answer) as [Usage];
    return usage;
  }

  /** Whether it has not ended. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** Asks it to end, then insists. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!this.isRunning) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await exited;
    clearTimeout(insist);
  }
}

/** Reads what the child prints, lest it blocks on a full pipe. */
function keepOutput(child: ChildProcess): () => string {
  let text = '';
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-KEPT_OUTPUT_CHARS);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => text;
}

function isReady(port: number): Promise<boolean> {
  const {promise, resolve} = Promise.withResolvers<boolean>();
  const request = get({port, host: '127.0.0.1', path: '/readyz', agent: false}, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  });
  request.on('error', () => resolve(false));
  return promise;
}
