/** The gateway as a process of its own, on files that outlive it: to be killed at any moment and started again. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {endsWithUs} from '../gateway/ends-with-us.ts';
import {freePort} from '../gateway/free-port.ts';
import {until} from '../until.ts';

/** Starts are most of what these tests wait for; compiling the same modules again would be half of each. */
const compileCache = path.join(os.tmpdir(), 'hookswitch-test-compile-cache');

const program = fileURLToPath(new URL('../../../bin/hookswitch.js', import.meta.url));

/** Nothing that was started outlives the test process. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export const ACCESS_KEY = 'crash-access-key-0123456789';

export interface CrashGatewayOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** Origin of the REST API. */
  readonly apiUrl: string;
  /** Where Twilio reaches the gateway. @default a free port of loopback */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Node for every start, such as what is to be loaded before the gateway. */
  readonly nodeFlags?: readonly string[];
}

interface LogLine {
  readonly msg?: string;
  readonly level?: string;
  readonly epoch?: string;
  readonly head?: number;
}

/** What the HTTP API answers: the fields that tests look at, of whichever answer has them. */
export interface ApiBody {
  readonly callSid: string;
  readonly status: string;
  readonly providerStatus: string;
  readonly reason?: string;
  readonly duration?: number;
  readonly direction: string;
  readonly parentCallSid?: string;
  readonly calls: readonly ApiBody[];
  readonly legs: readonly ApiBody[];
  readonly events: readonly ApiEvent[];
  readonly sessions: readonly {readonly phase: string; readonly unsentBytes: number; readonly lag: number}[];
  /** Of a problem (H6). */
  readonly code: string;
  readonly context: Readonly<Record<string, unknown>>;
}

export interface ApiEvent {
  readonly offset: number;
  readonly callSid: string;
  readonly kind: string;
  readonly source: string;
  readonly verdict: string;
  readonly providerStatus: string;
  readonly sequence?: number;
  readonly repeats: number;
}

/** One life of the process. */
interface Life {
  readonly child: ChildProcess;
  readonly lines: LogLine[];
  output: string;
}

export class CrashGateway implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly #options: CrashGatewayOptions;
  #life: Life | undefined;
  /** Milliseconds from spawn to listening, of every start that got there. */
  readonly startTimesMs: number[] = [];
  /** Signals sent so far. */
  kills = 0;

  constructor(options: CrashGatewayOptions, folder: string, port: number) {
    this.#options = options;
    this.folder = folder;
    this.port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  get databaseFile(): string {
    return path.join(this.folder, 'hookswitch.db');
  }

  get accountSid(): string {
    return this.#options.accountSid;
  }

  get authToken(): string {
    return this.#options.authToken;
  }

  /** What the current or last process has printed. */
  get output(): string {
    return this.#life?.output ?? '';
  }

  /** Whether a process runs. */
  get isRunning(): boolean {
    return this.#life !== undefined && isAlive(this.#life.child);
  }

  /** Of the process that runs. @throws when there is none */
  get pid(): number {
    const {pid} = this.#current().child;
    if (pid === undefined || !this.isRunning) throw new Error('the gateway does not run');
    return pid;
  }

  /** Spawns the process and returns at once; `nodeFlags` are for this start only. */
  spawn(nodeFlags: readonly string[] = []): void {
    const {accountSid, authToken, apiUrl, env, nodeFlags: always = []} = this.#options;
    const child = spawn(process.execPath, [...always, ...nodeFlags, program, 'start'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: compileCache,
        PORT: String(this.port),
        HOST: '127.0.0.1',
        PUBLIC_URL: this.url,
        TWILIO_ACCOUNT_SID: accountSid,
        TWILIO_AUTH_TOKEN: authToken,
        TWILIO_PHONE_NUMBER: '+15005550006',
        TWILIO_API_URL: apiUrl,
        DATABASE_URL: `file:${this.databaseFile}`,
        HOOKSWITCH_ACCESS_KEY: ACCESS_KEY,
        MAX_CALLS_PER_MINUTE: '10000',
        MAX_ACTIVE_CALLS: '10000',
        ...env,
      },
    });
    running.add(child);
    endsWithUs(child);
    child.once('exit', () => running.delete(child));
    const life: Life = {child, lines: [], output: ''};
    this.#life = life;
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      life.output += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) life.lines.push(parseLine(line));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      life.output += text;
    });
  }

  /** Waits for a line of the log; fails when the process ends without it. */
  async logged(message: string, timeoutMs = 30_000): Promise<LogLine> {
    const life = this.#current();
    return until(
      () => {
        const line = life.lines.find(({msg}) => msg === message);
        if (line === undefined && !isAlive(life.child))
          throw new Error(`the gateway ended before "${message}":\n${life.output.slice(-2000)}`);
        return line;
      },
      {what: `the gateway to log "${message}"`, timeoutMs},
    );
  }

  /** Starts the process and waits until it listens; tells what its journal said. */
  async start(nodeFlags: readonly string[] = []): Promise<{readonly epoch: string; readonly head: number}> {
    const startedAt = performance.now();
    this.spawn(nodeFlags);
    await this.logged('listening');
    this.startTimesMs.push(performance.now() - startedAt);
    const {epoch = '', head = 0} = await this.logged('journal open');
    return {epoch, head};
  }

  /** SIGKILL: no handler runs, nothing is flushed. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#signal('SIGKILL');
  }

  /** SIGTERM; resolves with the exit code. */
  async terminate(): Promise<number | null> {
    return this.#signal('SIGTERM');
  }

  /** Resolves once the process has ended by itself, or by a signal of somebody else's. */
  async ended(timeoutMs = 30_000): Promise<void> {
    const {child} = this.#current();
    await until(() => !isAlive(child), {what: 'the gateway to end', timeoutMs});
  }

  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void {
    this.#life?.child.kill(signal);
  }

  async restart(): Promise<{readonly epoch: string; readonly head: number}> {
    await this.kill();
    return this.start();
  }

  /** An authenticated request; a body as JSON. */
  async api(
    pathname: string,
    {body, headers}: {body?: unknown; headers?: Readonly<Record<string, string>>} = {},
  ) {
    const response = await fetch(this.url + pathname, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {authorization: `Bearer ${ACCESS_KEY}`, 'content-type': 'application/json', ...headers},
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as ApiBody;
    return {status: response.status, headers: response.headers, body: parsed};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.kill();
    await rm(this.folder, {recursive: true, force: true});
  }

  async #signal(signal: NodeJS.Signals): Promise<number | null> {
    const {child} = this.#current();
    if (!isAlive(child)) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    this.kills += 1;
    await exited;
    return child.exitCode;
  }

  #current(): Life {
    if (this.#life === undefined) throw new Error('the gateway was never started');
    return this.#life;
  }
}

/** A gateway on a folder and a port of its own; not started yet. */
export async function createCrashGateway(options: CrashGatewayOptions): Promise<CrashGateway> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-crash-'));
  return new CrashGateway(options, folder, options.port ?? (await freePort()));
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return {msg: line};
  }
}
