/** Starts the gateway and its peers on loopback, each with its own folder, and cleans up afterwards. */
import type {ChildProcess} from 'node:child_process';
import {chmodSync, mkdtempSync, rmSync} from 'node:fs';
import path from 'node:path';
import {freePort} from '../../test/support/gateway/free-port.ts';
import {PostgresServer} from '../../test/support/postgres/postgres.ts';
import {onGeneratorCores, onServerCore} from './cores.ts';
import {bunProgram} from './install-peers.ts';
import {ServerProcess, type ServerProcessOptions} from './server-process.ts';

export const ACCOUNT_SID = 'AC0123456789abcdef0123456789abcdef';
export const AUTH_TOKEN = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
export const ACCESS_KEY = 'benchmark-access-key-0123456789';

export interface ServersOptions {
  /** Folder for the journals. It must be on a disk, because fsync in memory costs nothing. */
  readonly folder: string;
  /** Folder for CPU profiles of every server. */
  readonly profiles?: string;
}

export interface GatewayOptions extends Pick<ServerProcessOptions, 'probed' | 'nodeFlags'> {
  /** A folder with an existing journal. @default a new folder */
  readonly folder?: string;
  /** @default a free port */
  readonly port?: number;
  /** Environment variables that override the defaults. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface PostgresOptions {
  /** Settings for postgresql.conf, in addition to the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The cores that Postgres shares. Gateways run on the servers' core. @default 'generator' */
  readonly core?: 'generator' | 'servers';
}

export type PeerName = 'ws' | 'ws-encoded' | 'socket-io' | 'express-socket-io' | 'bun';

const REPOSITORY = path.join(import.meta.dirname, '../..');

/** More than any benchmark opens. */
const MAX_SESSIONS = 20_000;

/** Nothing listens on this port, because no benchmark calls Twilio. */
const NO_TWILIO = 'http://127.0.0.1:1';

export class Servers {
  readonly #root: string;
  readonly #profiles: string | undefined;
  readonly #children = new Set<ChildProcess>();
  readonly #databases = new Set<PostgresServer>();

  constructor({folder, profiles}: ServersOptions) {
    this.#root = mkdtempSync(path.join(folder, 'hookswitch-bench-'));
    // When this process is root, Postgres runs as another user and must be able to enter the folder.
    chmodSync(this.#root, 0o711);
    this.#profiles = profiles;
  }

  /** Creates a new folder on the measured disk. */
  folder(): string {
    return mkdtempSync(path.join(this.#root, 'server-'));
  }

  /** Starts `bin/hookswitch.js start`, configured by environment variables. */
  async gateway(options: GatewayOptions = {}): Promise<ServerProcess> {
    const {folder = this.folder(), port = await freePort(), probed, nodeFlags} = options;
    const env = {
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      TWILIO_PHONE_NUMBER: '+15005550006',
      TWILIO_API_URL: NO_TWILIO,
      PUBLIC_URL: publicUrl(port),
      PORT: String(port),
      HOST: '127.0.0.1',
      DATABASE_URL: `file:${journalFile(folder)}`,
      HOOKSWITCH_ACCESS_KEY: ACCESS_KEY,
      MAX_SESSIONS: String(MAX_SESSIONS),
      MAX_SESSIONS_PER_USER: String(MAX_SESSIONS),
      LOG_LEVEL: 'warn',
      ...options.env,
    };
    return this.#start({
      argv: [path.join(REPOSITORY, 'bin/hookswitch.js'), 'start'],
      env,
      folder,
      port,
      probed,
      nodeFlags,
    });
  }

  /** Starts a separate Postgres with fsync on. */
  async postgres({settings = {}, core = 'generator'}: PostgresOptions = {}): Promise<PostgresServer> {
    const server = await PostgresServer.create({
      fsync: true,
      parent: this.#root,
      command: core === 'generator' ? onGeneratorCores : onServerCore,
      settings: {shared_buffers: '256MB', max_connections: '100', ...settings},
    });
    this.#databases.add(server);
    return server;
  }

  /** Starts the peer of Express, the Twilio SDK and `ws`, combined as their documentation shows. */
  expressPeer(options: Pick<ServerProcessOptions, 'probed'> = {}): Promise<ServerProcess> {
    return this.#peer('express-peer.ts', options);
  }

  /** Starts the peer with the gateway's durability: one synced SQLite transaction per webhook before the response. */
  durablePeer(): Promise<ServerProcess> {
    return this.#peer('durable-peer.ts', {});
  }

  /** Starts the Express peer's webhook without Express, to show the cost of the framework. */
  bareHttpPeer(): Promise<ServerProcess> {
    return this.#peer('bare-http-peer.ts', {});
  }

  /** Starts a peer of `servers/peers/`. @throws for Bun where there is no build for this machine */
  peer(name: PeerName): Promise<ServerProcess> {
    const runtime = name === 'bun' ? bunProgram() : undefined;
    if (name === 'bun' && runtime === undefined) throw new Error('Bun has no build for this machine');
    return this.#peer(`peers/${name}-peer.ts`, {runtime});
  }

  async #peer(
    file: string,
    {probed, runtime}: Pick<ServerProcessOptions, 'probed' | 'runtime'>,
  ): Promise<ServerProcess> {
    const port = await freePort();
    const env = {PORT: String(port), PUBLIC_URL: publicUrl(port), TWILIO_AUTH_TOKEN: AUTH_TOKEN};
    const argv = [path.join(REPOSITORY, 'bench/servers', file)];
    return this.#start({argv, env, folder: this.folder(), port, probed, runtime});
  }

  /** Kills all running servers. */
  killAll(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.#children.clear();
    for (const database of this.#databases) database.remove();
    this.#databases.clear();
  }

  /** Kills all servers and removes all files. Synchronous, because it also runs in the process's exit handler. */
  clear(): void {
    this.killAll();
    rmSync(this.#root, {recursive: true, force: true, maxRetries: 3});
  }

  #start(server: Omit<ServerProcessOptions, 'cwd'> & {folder: string}): Promise<ServerProcess> {
    const profiling = this.#profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.#profiles}`];
    const nodeFlags = [...profiling, ...(server.nodeFlags ?? [])];
    // The folder is the working directory, so that a `.env` file of the repository is not read.
    return ServerProcess.start({...server, nodeFlags, cwd: server.folder}, (child) => {
      this.#children.add(child);
      child.once('exit', () => this.#children.delete(child));
    });
  }
}

/** The public URL that webhooks are signed for. */
export function publicUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export function journalFile(folder: string): string {
  return path.join(folder, 'hookswitch.db');
}
