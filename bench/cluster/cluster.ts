/** Several gateways as processes on one real Postgres, all told the same public address, as behind a balancer. */
import {freePort} from '../../test/support/gateway/free-port.ts';
import type {PostgresServer} from '../../test/support/postgres/postgres.ts';
import type {Usage} from '../servers/probe.ts';
import type {ServerProcess} from '../servers/server-process.ts';
import {type PostgresOptions, publicUrl, type Servers} from '../servers/servers.ts';
import {postgresCpuUs} from './postgres-cpu.ts';

export interface NodeOptions {
  /** Of its way to the database. @default the database's own */
  readonly databasePort?: number;
  readonly nodeFlags?: readonly string[];
  readonly probed?: boolean;
}

export interface ClusterNode {
  readonly name: string;
  readonly port: number;
  readonly options: NodeOptions;
  /** Another one after each start. */
  server: ServerProcess;
}

/** What all have used so far, in microseconds of CPU. */
export interface ClusterUsage {
  /** By node. */
  readonly nodes: readonly Usage[];
  readonly nodesUs: number;
  readonly postgresUs: number;
}

const DATABASE = 'hookswitch_bench';

export class Cluster {
  readonly postgres: PostgresServer;
  readonly nodes: ClusterNode[] = [];
  /** Of the address that webhooks are signed for, whichever node they are sent to. */
  readonly publicPort: number;
  readonly #servers: Servers;

  private constructor(servers: Servers, postgres: PostgresServer, publicPort: number) {
    this.#servers = servers;
    this.postgres = postgres;
    this.publicPort = publicPort;
  }

  /** A database without any node. */
  static async open(servers: Servers, options?: PostgresOptions): Promise<Cluster> {
    const postgres = await servers.postgres(options);
    await postgres.query(`CREATE DATABASE ${DATABASE}`);
    return new Cluster(servers, postgres, await freePort());
  }

  /** Where the database is. */
  get databaseUrl(): string {
    return this.postgres.url(DATABASE);
  }

  /** One more gateway; resolves when it is ready. */
  async addNode(options: NodeOptions = {}): Promise<ClusterNode> {
    const name = `node-${this.nodes.length + 1}`;
    const port = await freePort();
    const node = {name, port, options, server: await this.#start(name, port, options)};
    this.nodes.push(node);
    return node;
  }

  /** Starts a node that has ended, where it was. */
  async startAgain(node: ClusterNode): Promise<void> {
    node.server = await this.#start(node.name, node.port, node.options);
  }

  /** Asks the database, as its superuser. */
  sql(text: string): Promise<readonly Record<string, unknown>[]> {
    return this.postgres.query(text, DATABASE);
  }

  /** What the database does by itself within minutes: plans of before it are those of empty tables. */
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

  /** Ends the nodes, then the database. */
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
