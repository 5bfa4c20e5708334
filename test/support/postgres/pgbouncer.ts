/**
 * A real PgBouncer in front of a test Postgres, from the system package (`apt-get install pgbouncer`). As root it runs
 * as `nobody`, because PgBouncer refuses to run as root.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {chownSync, existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import type {TestContext} from 'node:test';
import {freePort} from '../gateway/free-port.ts';
import {killOnExit} from '../gateway/kill-on-exit.ts';
import {until} from '../until.ts';
import {PASSWORD, type PostgresServer} from './postgres.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const START_MS = 20_000;

export const NO_PGBOUNCER = 'PgBouncer is not installed on this machine (apt-get install pgbouncer)';

/** Settings of the `[pgbouncer]` section, in addition to the required ones. */
export type PgBouncerSettings = Readonly<Record<string, string>>;

export class PgBouncer {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  /** Starts a PgBouncer in front of `server` until the test ends. Returns `undefined` if it is not installed. */
  static async start(
    t: Pick<TestContext, 'after'>,
    server: PostgresServer,
    settings: PgBouncerSettings = {},
  ): Promise<PgBouncer | undefined> {
    const program = findProgram();
    if (program === undefined) return undefined;
    const folder = mkdtempSync(path.join(tmpdir(), 'hookswitch-pgbouncer-'));
    const bouncer = new PgBouncer(folder, await freePort());
    t.after(() => bouncer.#dispose());
    bouncer.#write('users.txt', `"postgres" "${PASSWORD}"\n`);
    bouncer.#configure(server, settings);
    if (isRoot) chownSync(folder, NOBODY, NOBODY);
    await bouncer.#start(program);
    return bouncer;
  }

  /** The URL of a database through this PgBouncer. */
  url(url: string): string {
    const through = new URL(url);
    through.port = String(this.port);
    return through.href;
  }

  /** Changes the settings. Resolves when PgBouncer has read them. */
  async reconfigure(server: PostgresServer, settings: PgBouncerSettings): Promise<void> {
    this.#configure(server, settings);
    const logged = this.#log.length;
    this.#process?.kill('SIGHUP');
    await until(() => /got SIGHUP/.test(this.#log.slice(logged)), {what: 'PgBouncer to read its settings'});
  }

  #configure(server: PostgresServer, settings: PgBouncerSettings): void {
    const all = {
      listen_addr: '127.0.0.1',
      listen_port: String(this.port),
      unix_socket_dir: '',
      auth_type: 'trust',
      auth_file: path.join(this.#folder, 'users.txt'),
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
    const target = `* = host=127.0.0.1 port=${server.port}`;
    this.#write('pgbouncer.ini', `[databases]\n${target}\n[pgbouncer]\n${lines.join('\n')}\n`);
  }

  async #start(program: string): Promise<void> {
    const identity = isRoot ? {uid: NOBODY, gid: NOBODY} : {};
    const child = spawn(program, [path.join(this.#folder, 'pgbouncer.ini')], {
      ...identity,
      cwd: this.#folder,
      env: {PATH: process.env['PATH']},
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    killOnExit(child);
    const ready = Promise.withResolvers<void>();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log = `${this.#log}${text}`.slice(-20_000);
      if (this.#log.includes('process up')) ready.resolve();
    });
    child.once('error', ready.reject);
    child.once('exit', () => ready.reject(new Error(`pgbouncer exited: ${this.#log}`)));
    const timer = setTimeout(
      () => ready.reject(new Error(`pgbouncer did not start: ${this.#log}`)),
      START_MS,
    );
    await ready.promise.finally(() => clearTimeout(timer));
  }

  async #dispose(): Promise<void> {
    const child = this.#process;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.#folder, {recursive: true, force: true});
  }

  #write(name: string, text: string): void {
    const file = path.join(this.#folder, name);
    writeFileSync(file, text, {mode: 0o600});
    if (isRoot) chownSync(file, NOBODY, NOBODY);
  }
}

/** Finds the program, also outside the PATH of ordinary users, where Debian installs it. */
function findProgram(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => path.join(folder, 'pgbouncer')).find((file) => existsSync(file));
}
