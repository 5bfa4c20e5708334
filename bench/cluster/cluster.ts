/** Several gateway processes on one real Postgres, with the same public address, as behind a load balancer. */
import {freePort} from '../../test/support/gateway/free-port.ts';
import type {PostgresServer} from '../../test/support/postgres/postgres.ts';
import type {Usage} from '../servers/probe.ts';
import type {ServerProcess} from '../servers/server-process.ts';
import {type PostgresOptions, publicUrl, type Servers} from '../servers/servers.ts';
import {postgresCpuUs} from './postgres-cpu.ts';

export interface NodeOptions {
  /** Port of the node's path to the database. @default the database's own port */
  readonly databasePort?: number;
  readonly nodeFlags?: readonly string[];
  readonly probed?: boolean;
}

export interface ClusterNode {
  readonly name: string;
  readonly port: number;
  readonly options: NodeOptions;
  /** The current process; replaced at each start. */
  server: ServerProcess;
}

/** CPU microseconds used so far. */
export interface ClusterUsage {
  /** Per node. */
  readonly nodes: readonly Usage[];
  readonly nodesUs: number;
  readonly postgresUs: number;
}

const DATABASE = 'hookswitch_bench';

export class Cluster {
  readonly postgres: PostgresServer;
  readonly nodes: ClusterNode[] = [];
  /** Port of the address that webhooks are signed for, at every node. */
  readonly publicPort: number;
  readonly #servers: Servers;

  private constructor(servers: Servers, postgres: PostgresServer, publicPort: number) {
    this.#servers = servers;
    this.postgres = postgres;
    this.publicPort = publicPort;
  }

  /** Opens a database without nodes. */
  static async open(servers: Servers, options?: PostgresOptions): Promise<Cluster> {
    const postgres = await servers.postgres(options);
    await postgres.query(`CREATE DATABASE ${DATABASE}`);
    return new Cluster(servers, postgres, await freePort());
  }

  get databaseUrl(): string {
    return this.postgres.url(DATABASE);
  }

  /** Adds a gateway. Resolves when it is ready. */
  async addNode(options: NodeOptions = {}): Promise<ClusterNode> {
    const name = `node-${this.nodes.length + 1}`;
    const port = await freePort();
    const node = {name, port, options, server: await this.#start(name, port, options)};
    this.nodes.push(node);
    return node;
  }

  /** Restarts a node that has ended, on the same port. */
  async restart(node: ClusterNode): Promise<void> {
    node.server = await this.#start(node.name, node.port, node.options);
  }

  /** Queries the database as its superuser. */
  sql(text: string): Promise<readonly Record<string, unknown>[]> {
    return this.postgres.query(text, DATABASE);
  }

  /** Runs what autovacuum does within minutes, because earlier query plans assume empty tables. */
  async vacuum(): Promise<void> {
    await this.sql('VACUUM (ANALYZE)');
  }

  async usage(): Promise<ClusterUsage> {
    const nodes = await Promise.all(this.nodes.map(({server}) => server.usage()));
    return {
      nodes,
      nodesUs: nodes.reduce((sum, {cpuUs}) => sum + cpuUs, 0),
      postgresUs: postgresCpuUs(this.postgres.pid),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map(({server}) => server.stop()));
    await this.postgres.dispose();
  }

  #start(name: string, port: number, {databasePort, nodeFlags, probed}: NodeOptions): Promise<ServerProcess> {
    const address = databasePort === undefined ? {} : {port: databasePort};
    return this.#servers.gateway({
      port,
      nodeFlags,
      probed,
      env: {
        NODE_ID: name,
        DATABASE_URL: this.postgres.url(DATABASE, address),
        PUBLIC_URL: publicUrl(this.publicPort),
      },
    });
  }
}
