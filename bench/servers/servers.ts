/** Starts the gateway and its peers on loopback, each with a folder of its own, and leaves nothing behind. */
import type {ChildProcess} from 'node:child_process';
import {chmodSync, mkdtempSync, rmSync} from 'node:fs';
import path from 'node:path';
import {freePort} from '../../test/support/gateway/free-port.ts';
import {PostgresServer} from '../../test/support/postgres/postgres.ts';
import {besideGenerator, onServerCore} from './cores.ts';
import {bunProgram} from './install-peers.ts';
import {ServerProcess, type ServerProcessOptions} from './server-process.ts';

export const ACCOUNT_SID = 'AC0123456789abcdef0123456789abcdef';
export const AUTH_TOKEN = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
export const ACCESS_KEY = 'benchmark-access-key-0123456789';

export interface ServersOptions {
  /** Where journals are written: a disk, not memory, or fsync costs nothing. */
  readonly folder: string;
  /** Profiles of every server go here. */
  readonly profiles?: string;
}

export interface GatewayOptions extends Pick<ServerProcessOptions, 'probed' | 'nodeFlags'> {
  /** A folder with a journal; otherwise the journal is new. */
  readonly folder?: string;
  /** @default one that is free */
  readonly port?: number;
  /** Variables that are other than usual. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface PostgresOptions {
  /** As in postgresql.conf, beside the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whose core it shares; where gateways run, they have the servers'. @default 'generator' */
  readonly core?: 'generator' | 'servers';
}

export type PeerName = 'ws' | 'ws-encoded' | 'socket-io' | 'express-socket-io' | 'bun';

const REPOSITORY = path.join(import.meta.dirname, '../..');

/** More than any question opens. */
const MAX_SESSIONS = 20_000;

/** Nothing listens there: no benchmark asks Twilio anything. */
const NO_TWILIO = 'http://127.0.0.1:1';

export class Servers {
  readonly #root: string;
  readonly #profiles: string | undefined;
  readonly #children = new Set<ChildProcess>();
  readonly #databases = new Set<PostgresServer>();

  constructor({folder, profiles}: ServersOptions) {
    this.#root = mkdtempSync(path.join(folder, 'hookswitch-bench-'));
    // Where this is root, Postgres is somebody else, and has to get to its folder.
    chmodSync(this.#root, 0o711);
    this.#profiles = profiles;
  }

  /** A fresh folder on the disk under measurement. */
  folder(): string {
    return mkdtempSync(path.join(this.#root, 'server-'));
  }

  /** The real thing: `bin/hookswitch.js start`, configured by its environment. */
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

  /** A Postgres of its own that syncs what it commits. */
  async postgres({settings = {}, core = 'generator'}: PostgresOptions = {}): Promise<PostgresServer> {
    const server = await PostgresServer.create({
      fsync: true,
      parent: this.#root,
      command: core === 'generator' ? besideGenerator : onServerCore,
      settings: {shared_buffers: '256MB', max_connections: '100', ...settings},
    });
    this.#databases.add(server);
    return server;
  }

  /** Express, the Twilio SDK and `ws`, put together as their documentation shows. */
  expressPeer(options: Pick<ServerProcessOptions, 'probed'> = {}): Promise<ServerProcess> {
    return this.#peer('express-peer.ts', options);
  }

  /** The same work as the gateway's: one SQLite transaction for each webhook, on the disk before the answer. */
  durablePeer(): Promise<ServerProcess> {
    return this.#peer('durable-peer.ts', {});
  }

  /** The same without Express: what the framework costs. */
  bareHttpPeer(): Promise<ServerProcess> {
    return this.#peer('bare-http-peer.ts', {});
  }

  /** One of `servers/peers/`. @throws where Bun is asked for and there is none for this machine */
  peer(name: PeerName): Promise<ServerProcess> {
    const runtime = name === 'bun' ? bunProgram() : undefined;
    if (name === 'bun' && runtime === undefined) throw new Error('there is no Bun for this machine');
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

  /** Kills whatever still runs. */
  killAll(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.#children.clear();
    for (const database of this.#databases) database.remove();
    this.#databases.clear();
  }

  /** Kills whatever still runs, and removes what was written. Synchronous: it also runs as the process exits. */
  clear(): void {
    this.killAll();
    rmSync(this.#root, {recursive: true, force: true, maxRetries: 3});
  }

  #start(server: Omit<ServerProcessOptions, 'cwd'> & {folder: string}): Promise<ServerProcess> {
    const profiling = this.#profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.#profiles}`];
    const nodeFlags = [...profiling, ...(server.nodeFlags ?? [])];
    // The folder is the working directory, so that a `.env` of the repository has no say.
    return ServerProcess.start({...server, nodeFlags, cwd: server.folder}, (child) => {
      this.#children.add(child);
      child.once('exit', () => this.#children.delete(child));
    });
  }
}

/** What webhooks are signed for. */
export function publicUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export function journalFile(folder: string): string {
  return path.join(folder, 'hookswitch.db');
}
