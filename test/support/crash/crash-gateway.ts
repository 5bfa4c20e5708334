/** A gateway as a separate process on persistent files, to be killed and restarted at any moment. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {freePort} from '../gateway/free-port.ts';
import {killOnExit} from '../gateway/kill-on-exit.ts';
import {until} from '../until.ts';

/** Caches compiled modules, because these tests mostly wait for starts. */
const compileCache = path.join(os.tmpdir(), 'hookswitch-test-compile-cache');

const program = fileURLToPath(new URL('../../../bin/hookswitch.js', import.meta.url));

/** Processes that are killed when the test process exits. */
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
  /** Port of the gateway. @default a free port on loopback */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Node flags for every start, such as preloaded modules. */
  readonly nodeFlags?: readonly string[];
}

interface LogLine {
  readonly msg?: string;
  readonly level?: string;
  readonly epoch?: string;
  readonly head?: number;
}

/** The fields of HTTP API responses that tests use. */
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
  /** Fields of a problem (H6). */
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

/** One run of the process. */
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
  /** Milliseconds from spawn to listening for each successful start. */
  readonly startTimesMs: number[] = [];
  /** Number of signals sent. */
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

  /** Output of the current or last process. */
  get output(): string {
    return this.#life?.output ?? '';
  }

  get isRunning(): boolean {
    return this.#life !== undefined && isAlive(this.#life.child);
  }

  /** PID of the running process. @throws if none runs */
  get pid(): number {
    const {pid} = this.#current().child;
    if (pid === undefined || !this.isRunning) throw new Error('the gateway is not running');
    return pid;
  }

  /** Spawns the process without waiting. `nodeFlags` apply to this start only. */
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
    killOnExit(child);
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

  /** Waits for a log message. Throws if the process ends first. */
  async waitForLog(message: string, timeoutMs = 30_000): Promise<LogLine> {
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

  /** Starts the process and waits until it listens. Resolves with the journal's state. */
  async start(nodeFlags: readonly string[] = []): Promise<{readonly epoch: string; readonly head: number}> {
    const startedAt = performance.now();
    this.spawn(nodeFlags);
    await this.waitForLog('listening');
    this.startTimesMs.push(performance.now() - startedAt);
    const {epoch = '', head = 0} = await this.waitForLog('journal open');
    return {epoch, head};
  }

  /** Sends SIGKILL: no handler runs, nothing is flushed. Resolves when the process has ended. */
  async kill(): Promise<void> {
    await this.#signal('SIGKILL');
  }

  /** Sends SIGTERM. Resolves with the exit code. */
  async terminate(): Promise<number | null> {
    return this.#signal('SIGTERM');
  }

  /** Resolves when the process has ended by itself or by another signal. */
  async waitForExit(timeoutMs = 30_000): Promise<void> {
    const {child} = this.#current();
    await until(() => !isAlive(child), {what: 'the gateway to end', timeoutMs});
  }

  /** Sends a signal without waiting. */
  signal(signal: NodeJS.Signals): void {
    this.#life?.child.kill(signal);
  }

  async restart(): Promise<{readonly epoch: string; readonly head: number}> {
    await this.kill();
    return this.start();
  }

  /** Sends an authenticated request with a JSON body. */
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

/** Creates a gateway with its own folder and port, without starting it. */
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
