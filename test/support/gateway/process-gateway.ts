/** `hookswitch start` as a separate process, with its output. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {createSimulator, type Simulator} from '@hookswitch/simulator';
import type {Json} from '../json.ts';
import {until} from '../until.ts';
import {freePort} from './free-port.ts';
import {killOnExit} from './kill-on-exit.ts';

const COMMAND = path.join(import.meta.dirname, '../../../bin/hookswitch.js');

export type Variables = Readonly<Record<string, string>>;

export interface ProcessLimits {
  /** Limit of open files and sockets. @default the test process's limit */
  readonly openFiles?: number;
  /** ID of the user and group to run as. @default the test process's */
  readonly user?: number;
}

export class GatewayProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly startedAt = performance.now();
  readonly #exited: Promise<number | null>;

  /** The process does not inherit the environment, and `folder` contains no `.env`. */
  constructor(
    argv: readonly string[],
    env: Variables,
    folder: string,
    {openFiles, user}: ProcessLimits = {},
  ) {
    const {PATH = '', HOME = ''} = process.env;
    const command = [process.execPath, COMMAND, ...argv];
    const limited = ['sh', '-c', 'ulimit -n "$0" && exec "$@"', String(openFiles), ...command];
    const [program = '', ...rest] = openFiles === undefined ? command : limited;
    this.child = spawn(program, rest, {
      cwd: folder,
      env: {PATH, HOME, ...env},
      stdio: ['ignore', 'pipe', 'pipe'],
      uid: user,
      gid: user,
    });
    killOnExit(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#exited = once(this.child, 'close').then(() => this.child.exitCode);
  }

  /** The parsed log. Every line of stdout must be JSON. */
  get lines(): Json[] {
    return this.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** Resolves when the process listens. */
  async listening(): Promise<this> {
    await until(
      () => {
        if (this.child.exitCode !== null) throw new Error(`the process exited: ${this.stderr}${this.stdout}`);
        return this.stdout.includes('"msg":"listening"');
      },
      {what: 'the process to listen', timeoutMs: 30_000},
    );
    return this;
  }

  /** Resolves with the exit code, or with `null` after a signal. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited;
  }
}

/** An environment for gateway processes: a simulator, a folder, a port, and matching environment variables. */
export class ProcessBench implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly folder: string;
  readonly port: number;
  readonly #processes: GatewayProcess[] = [];

  constructor(simulator: Simulator, folder: string, port: number) {
    this.simulator = simulator;
    this.folder = folder;
    this.port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get env(): Variables {
    const {simulator, port, folder} = this;
    return {
      PORT: String(port),
      HOST: '127.0.0.1',
      PUBLIC_URL: this.url,
      TWILIO_ACCOUNT_SID: simulator.accountSid,
      TWILIO_AUTH_TOKEN: simulator.authToken,
      TWILIO_PHONE_NUMBER: simulator.phoneNumber,
      TWILIO_API_URL: simulator.url,
      DATABASE_URL: `file:${path.join(folder, 'data', 'hookswitch.db')}`,
      HOOKSWITCH_ACCESS_KEY: 'process-access-key-0123456789',
    };
  }

  /** Runs `hookswitch start` with changed variables. An empty value unsets a variable. */
  start(env: Variables = {}, limits?: ProcessLimits): GatewayProcess {
    return this.run(['start'], {...this.env, ...env}, limits);
  }

  run(argv: readonly string[], env: Variables = this.env, limits?: ProcessLimits): GatewayProcess {
    const started = new GatewayProcess(argv, env, this.folder, limits);
    this.#processes.push(started);
    return started;
  }

  /** Sends an authenticated request. */
  api(pathname: string, init: RequestInit = {}, key = 'process-access-key-0123456789'): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${key}`);
    return fetch(this.url + pathname, {...init, headers});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#processes) await started[Symbol.asyncDispose]();
    await this.simulator.stop();
    await rm(this.folder, {recursive: true, force: true});
  }
}

export async function openBench(): Promise<ProcessBench> {
  const simulator = createSimulator({
    speed: 50,
    callsPerSecond: 0,
    authToken: 'canary-auth-token-000000000000000',
  });
  await simulator.start();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-process-'));
  return new ProcessBench(simulator, folder, await freePort());
}
