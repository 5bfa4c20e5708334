/** A server under measurement: a separate process whose usage can be read, and that is always ended. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {get} from 'node:http';
import {setTimeout as wait} from 'node:timers/promises';
import {onServerCore} from './cores.ts';
import type {ProbeRequest, Usage} from './probe.ts';

export interface ServerProcessOptions {
  /** Program and arguments, without Node. */
  readonly argv: readonly string[];
  /** The runtime. A runtime other than Node must load the probe itself. @default Node */
  readonly runtime?: string;
  readonly nodeFlags?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly port: number;
  /** If `false`, the process starts as in production and cannot report its usage. @default true */
  readonly probed?: boolean;
}

const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 11_000;
const ANSWER_DEADLINE_MS = 10_000;
const LOOK_EVERY_MS = 2;

/** The end of the output that is kept for error messages. */
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

  /** Resolves after the first 200 of `/readyz`. `onSpawn` gets the child at once, so that it can always be killed. */
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

  /** Resource usage so far. */
  async usage(request: ProbeRequest = 'usage'): Promise<Usage> {
    const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS);
    const answer = once(this.#child, 'message', {signal});
    this.#child.send(request);
    const [usage] = (await answer) as [Usage];
    return usage;
  }

  /** Whether the process has not ended. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends SIGKILL. Resolves when the process has ended. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** Sends SIGTERM, and SIGKILL after a deadline. */
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

/** Reads the child's output so that the child does not block on a full pipe. */
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
