/**
 * The world of a cluster round: several gateways on one Postgres. Callbacks and callers reach the nodes in turn through
 * a balancer. Sessions move to another node at each reconnect, also without a fault.
 */
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {createSimulator, type Simulator} from '@hookswitch/simulator';
import {JWT_SECRET, signToken} from '../../test/support/auth/tokens.ts';
import {ACCESS_KEY, CrashGateway} from '../../test/support/crash/crash-gateway.ts';
import {freePort} from '../../test/support/gateway/free-port.ts';
import {DatabaseLink} from '../../test/support/postgres/database-link.ts';
import {PostgresServer} from '../../test/support/postgres/postgres.ts';
import type {SeededRandom} from '../../test/support/simulation/random.ts';
import {ACCOUNT_SID, AUTH_TOKEN} from '../../test/support/simulation/twilio.ts';
import {until} from '../../test/support/until.ts';
import type {Chapter, History, Violation, ViolationKind} from '../history/history.ts';
import type {Control} from '../preload/control.ts';
import {Caller} from './caller.ts';
import {NodeBalancer} from './node-balancer.ts';
import {preload} from './preload.ts';
import {readPostgresChapter} from './read-postgres-chapter.ts';
import {ReturningSession} from './returning-session.ts';
import {simulatedCalls, simulatedWebhooks} from './simulated-webhooks.ts';
import {WebhookStream} from './webhook-stream.ts';

export interface ClusterWorldOptions {
  readonly random: SeededRandom;
  readonly nodes: number;
  /** Mutant to run instead of the real gateway. */
  readonly mutant?: string;
}

export interface WorldNode {
  readonly gateway: CrashGateway;
  /** The node's connection to the database. */
  readonly link: DatabaseLink;
  readonly controlFile: string;
}

const users = ['ada', 'ben'] as const;
const DATABASE = 'hookswitch_chaos';
/** Interval at which one session in turn moves to another node, in milliseconds. */
const ROAM_EVERY_MS = 400;
const SETTLED_WITHIN_MS = 30_000;
const READY_WITHIN_MS = 30_000;

export class ClusterWorld implements AsyncDisposable {
  readonly random: SeededRandom;
  readonly server: PostgresServer;
  readonly nodes: readonly WorldNode[];
  readonly simulator: Simulator;
  readonly webhooks: WebhookStream;
  readonly sessions: readonly ReturningSession[];
  readonly callers: readonly Caller[];
  readonly notes: string[] = [];
  /** Whether sessions move without a fault. */
  roaming = true;
  readonly #balancer: NodeBalancer;
  readonly #scratch: string;
  /** Port of the node that each session was last sent to. */
  readonly #places: number[] = [];
  readonly #chapters: Chapter[] = [];
  readonly #chapterEnds: number[] = [];
  readonly #violations: Violation[] = [];
  #roamer: NodeJS.Timeout | undefined;

  private constructor(
    random: SeededRandom,
    parts: {
      server: PostgresServer;
      nodes: readonly WorldNode[];
      simulator: Simulator;
      balancer: NodeBalancer;
      scratch: string;
    },
  ) {
    this.random = random;
    this.server = parts.server;
    this.nodes = parts.nodes;
    this.simulator = parts.simulator;
    this.#balancer = parts.balancer;
    this.#scratch = parts.scratch;
    const gatewayUrl = this.#balancer.url;
    this.webhooks = new WebhookStream({
      gatewayUrl,
      accountSid: ACCOUNT_SID,
      chapter: () => this.#chapters.length,
    });
    this.sessions = ['operator', ...users].map(
      (user, index) =>
        new ReturningSession({
          user,
          token: index === 0 ? ACCESS_KEY : tokenOf(user),
          seesAll: index === 0,
          wsUrl: () => this.#elsewhere(index),
          chapter: () => this.#chapters.length,
        }),
    );
    this.callers = users.map(
      (user, index) =>
        new Caller({
          user,
          token: tokenOf(user),
          gatewayUrl,
          random: random.fork(),
          numbers: `+1415${index}9`,
        }),
    );
  }

  /** Resolves when everything runs. */
  static async open({random, nodes: count, mutant}: ClusterWorldOptions): Promise<ClusterWorld> {
    const server = await PostgresServer.create();
    await server.query(`CREATE DATABASE ${DATABASE}`);
    const simulator = createSimulator({
      accountSid: ACCOUNT_SID,
      authToken: AUTH_TOKEN,
      callsPerSecond: 0,
      speed: 20,
      seed: random.int(1, 1_000_000),
    });
    await simulator.start();
    simulator.setScenario('+1415*', {ringSeconds: 2, hangUpAfterSeconds: 8});
    const balancer = await NodeBalancer.open();
    const scratch = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-chaos-'));
    const nodes: WorldNode[] = [];
    for (let index = 0; index < count; index += 1) {
      const link = await DatabaseLink.to(server.port);
      const folder = path.join(scratch, `node-${index + 1}`);
      await mkdir(folder);
      const controlFile = path.join(scratch, `control-${index + 1}.json`);
      const nodeFlags = [preload('control', {file: controlFile})];
      if (mutant !== undefined) nodeFlags.push(preload('mutate', {mutant}));
      const env = {
        AUTH_JWT_SECRET: JWT_SECRET,
        DATABASE_URL: server.url(DATABASE, {port: link.port}),
        NODE_ID: `node-${index + 1}`,
        PUBLIC_URL: balancer.url,
      };
      const options = {accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, apiUrl: simulator.url, env, nodeFlags};
      nodes.push({gateway: new CrashGateway(options, folder, await freePort()), link, controlFile});
    }
    const world = new ClusterWorld(random, {server, nodes, simulator, balancer, scratch});
    try {
      await Promise.all(nodes.map(({gateway}) => gateway.start()));
      balancer.begin(nodes.map(({gateway}) => gateway.port));
      for (const session of world.sessions) session.start();
      world.#roam();
      world.resume();
      await world.waitForAcknowledged(20);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  note(text: string): void {
    this.notes.push(text);
  }

  violate(kind: ViolationKind, detail: string): void {
    this.#violations.push({kind, detail});
  }

  /** A random node. */
  anyNode(): WorldNode {
    const node = this.nodes[this.random.int(0, this.nodes.length - 1)];
    if (node === undefined) throw new Error('the world has no nodes');
    return node;
  }

  resume(): void {
    this.webhooks.start();
    for (const caller of this.callers) caller.start();
  }

  async pause(): Promise<void> {
    await Promise.all([this.webhooks.pause(), ...this.callers.map((caller) => caller.pause())]);
  }

  /** Pauses the load and waits until the simulator has no pending callbacks. */
  async waitUntilQuiet(): Promise<void> {
    await this.pause();
    await Promise.race([this.simulator.settled(), wait(SETTLED_WITHIN_MS, undefined, {ref: false})]);
  }

  /** Waits for this many more acknowledged webhooks. */
  async waitForAcknowledged(count: number, timeoutMs = 30_000): Promise<void> {
    const wanted = this.webhooks.acknowledged + count;
    await until(() => this.webhooks.acknowledged >= wanted, {what: `${count} more 2xx`, timeoutMs});
  }

  /** Disconnects the sessions of a node that no longer responds, as clients with a timeout do. */
  abandon({gateway}: WorldNode): void {
    for (const [index, session] of this.sessions.entries())
      if (this.#places[index] === gateway.port) session.abandon();
  }

  control({gateway, controlFile}: WorldNode, control: Control): Promise<void> {
    return writeFile(controlFile, JSON.stringify(control)).then(() => gateway.signal('SIGUSR2'));
  }

  sql(text: string): Promise<readonly Record<string, unknown>[]> {
    return this.server.query(text, DATABASE);
  }

  /** URL for clients outside the gateways. */
  get databaseUrl(): string {
    return this.server.url(DATABASE);
  }

  /** Waits until every session has the whole journal. Exceeding the time limit is a violation. */
  async waitUntilCaughtUp(withinMs: number, after: string): Promise<void> {
    const startedAt = performance.now();
    this.roaming = false;
    try {
      await this.#sessionsAtHead(withinMs);
      this.note(`caught up ${Math.round(performance.now() - startedAt)} ms after ${after}`);
    } catch (error) {
      this.violate('stuck', `${after}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.roaming = true;
    }
  }

  /** Ends a chapter. Webhooks acknowledged so far must be in this journal, later ones in the next chapter's journal. */
  async endChapter(): Promise<Chapter> {
    const chapter = await this.readChapter();
    this.#chapters.push(chapter);
    this.#chapterEnds.push(Date.now());
    return chapter;
  }

  readChapter(): Promise<Chapter> {
    return readPostgresChapter(this.server, DATABASE);
  }

  async waitUntilReady(node: WorldNode, timeoutMs = READY_WITHIN_MS): Promise<void> {
    await until(() => this.isReady(node), {what: `port ${node.gateway.port} to be ready`, timeoutMs});
  }

  /** Whether the balancer sends new connections to this node. */
  isReady({gateway}: WorldNode): boolean {
    return this.#balancer.isReady(gateway.port);
  }

  /** After the repair: waits until all nodes have caught up, and records violations. */
  async settle(): Promise<void> {
    try {
      for (const {gateway} of this.nodes) if (!gateway.isRunning) await gateway.start();
      for (const node of this.nodes) await this.waitUntilReady(node);
      await this.waitUntilQuiet();
      await this.webhooks.sendPending();
      this.roaming = false;
      await this.#sessionsAtHead();
    } catch (error) {
      this.violate('stuck', error instanceof Error ? error.message : String(error));
    }
  }

  /** Kills the gateways, because only the data on disk counts. Returns the history and the recorded violations. */
  async conclude(): Promise<{readonly history: History; readonly violations: readonly Violation[]}> {
    for (const {gateway} of this.nodes) if (gateway.isRunning) await gateway.kill();
    for (const refusal of this.webhooks.refused) this.violate('lost', refusal);
    for (const [status, times] of this.webhooks.failures) {
      this.note(`${times} × ${status}`);
      // A 503 is allowed during a fault. Any other failure is a bug.
      if (status !== 503) this.violate('disturbed', `${times} webhooks got status ${status}`);
    }
    const last: Chapter[] = [];
    try {
      last.push(await this.readChapter());
    } catch (error) {
      this.violate('corrupt', `the journal cannot be read: ${String(error)}`);
    }
    const deliveries = this.simulator.deliveries();
    const chapterAt = (at: number) => this.#chapterEnds.filter((end) => end < at).length;
    const history: History = {
      webhooks: [...this.webhooks.records, ...simulatedWebhooks(deliveries, chapterAt)],
      dials: this.callers.flatMap(({dials}) => dials),
      hangUps: this.callers.flatMap(({hangUps}) => hangUps),
      connections: this.sessions.flatMap(({records}) => records),
      chapters: [...this.#chapters, ...last],
      providerCalls: simulatedCalls(this.simulator, deliveries),
    };
    return {history, violations: this.#violations};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#roamer);
    this.webhooks.close();
    // A stopped process could not even close its connections.
    for (const {gateway} of this.nodes) if (gateway.isRunning) await gateway.kill();
    await Promise.all(this.callers.map((caller) => caller.pause()));
    await Promise.all(this.sessions.map((session) => session.stop()));
    await this.simulator.stop();
    await this.#balancer[Symbol.asyncDispose]();
    for (const {link, gateway} of this.nodes) {
      await link[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
    }
    await this.server.dispose();
    await rm(this.#scratch, {recursive: true, force: true});
  }

  #roam(): void {
    let turn = 0;
    this.#roamer = setInterval(() => {
      turn += 1;
      if (this.roaming) this.sessions[turn % this.sessions.length]?.client?.terminate();
    }, ROAM_EVERY_MS);
  }

  /** URL of the next node that the balancer would choose after the session's last node. */
  #elsewhere(session: number): string {
    const all = this.nodes.map(({gateway}) => gateway);
    const from = all.findIndex(({port}) => port === this.#places[session]);
    const others = [...all.slice(from + 1), ...all.slice(0, from + 1)];
    const next = others.find(({port}) => this.#balancer.isReady(port)) ?? others[0];
    if (next === undefined) throw new Error('the world has no nodes');
    this.#places[session] = next.port;
    return next.wsUrl;
  }

  /** Waits until each session has reached the last entry that it may see. */
  async #sessionsAtHead(timeoutMs = 20_000): Promise<void> {
    const {entries} = await this.readChapter();
    const pushed = entries.filter(({verdict, kind}) => verdict === 'applied' && kind === 'status');
    const startedAt = performance.now();
    for (const [index, session] of this.sessions.entries()) {
      const user = users[index - 1];
      const last = pushed.findLast(({owner}) => user === undefined || owner === user);
      const left = Math.max(1, timeoutMs - (performance.now() - startedAt));
      if (last !== undefined) await session.waitForOffset(last.offset, left);
    }
  }
}

function tokenOf(user: string): string {
  return signToken(user, {scope: ['calls:read', 'calls:control'], lifetimeS: 24 * 3600});
}
