/** Several real gateways in this process, on one real Postgres, with one simulator. It sends webhooks to the first. */
import type {TestContext} from 'node:test';
import type {Clock} from '../../../src/clock.ts';
import {loadEnvironment} from '../../../src/config/environment.ts';
import {TwilioProxy} from '../http/http-twilio-proxy.ts';
import {databaseOf, postgresServer} from '../postgres/postgres.ts';
import {freePort} from './free-port.ts';
import {ACCESS_KEY, startGateway, TestGateway} from './gateway.ts';

export interface ClusterOptions {
  /** Environment variables of all nodes. */
  readonly env?: Readonly<Record<string, string>>;
  /** Clock per node. @default the system clock */
  readonly clocks?: readonly Clock[];
  /** @default a new database on this test process's server */
  readonly databaseUrl?: string;
}

export interface TestCluster {
  readonly nodes: readonly TestGateway[];
  /** Proxy between the nodes and the simulator. */
  readonly twilio: TwilioProxy;
  /** Queries the database of a cluster on this test process's server. */
  readonly sql: (text: string) => Promise<unknown>;
}

/** Starts nodes `node-1` to `node-<count>`. They stop with the test. */
export async function startCluster(t: TestContext, count: number, options: ClusterOptions = {}) {
  const nodes: TestGateway[] = [];
  const twilio = await new TwilioProxy().start();
  t.after(async () => {
    for (const node of nodes.toReversed()) await node[Symbol.asyncDispose]();
    await twilio[Symbol.asyncDispose]();
  });
  const databaseUrl = options.databaseUrl ?? (await databaseOf(t));
  const env = {DATABASE_URL: databaseUrl, TWILIO_API_URL: twilio.url, ...options.env};
  const [clock] = options.clocks ?? [];
  const first = await startGateway({env: {...env, NODE_ID: 'node-1'}, ...(clock !== undefined && {clock})});
  twilio.target = first.simulator.url;
  nodes.push(first);
  for (let index = 1; index < count; index += 1) {
    const node = await anotherNode(first, env, {index, ...options});
    nodes.push(node);
    await node.server.start();
  }
  const sql = async (text: string) =>
    (await postgresServer()).query(text, new URL(databaseUrl).pathname.slice(1));
  return {nodes, twilio, sql} satisfies TestCluster;
}

interface AnotherNode extends ClusterOptions {
  readonly index: number;
}

/** Creates a node with its own port and the shared settings. */
async function anotherNode(
  {environment, simulator, folder}: TestGateway,
  env: Readonly<Record<string, string>>,
  {index, clocks = []}: AnotherNode,
): Promise<TestGateway> {
  const own = loadEnvironment({
    env: {
      PORT: String(await freePort()),
      HOST: '127.0.0.1',
      PUBLIC_URL: environment.publicUrl,
      TWILIO_ACCOUNT_SID: simulator.accountSid,
      TWILIO_AUTH_TOKEN: simulator.authToken,
      TWILIO_PHONE_NUMBER: simulator.phoneNumber,
      HOOKSWITCH_ACCESS_KEY: ACCESS_KEY,
      LOG_LEVEL: 'debug',
      MAX_CALLS_PER_MINUTE: '10000',
      MAX_ACTIVE_CALLS: '10000',
      ...env,
      NODE_ID: `node-${index + 1}`,
    },
  });
  const clock = clocks[index];
  return new TestGateway(clock === undefined ? {} : {clock}, simulator, own, folder);
}
