/**
 * The world of a round: a gateway process, a simulated Twilio, users who place calls, a stream of webhooks, and
 * reconnecting sessions. A fault acts on it. After the repair, the world returns its history.
 */
import {copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {createSimulator, type Simulator} from '@hookswitch/simulator';
import {JWT_SECRET, signToken} from '../../test/support/auth/tokens.ts';
import {ACCESS_KEY, CrashGateway} from '../../test/support/crash/crash-gateway.ts';
import {freePort} from '../../test/support/gateway/free-port.ts';
import {TwilioProxy} from '../../test/support/http/http-twilio-proxy.ts';
import type {SmallDisk} from '../../test/support/journal/journal-disk.ts';
import type {SeededRandom} from '../../test/support/simulation/random.ts';
import {ACCOUNT_SID, AUTH_TOKEN} from '../../test/support/simulation/twilio.ts';
import {until} from '../../test/support/until.ts';
import type {Chapter, History, Violation, ViolationKind} from '../history/history.ts';
import type {Control} from '../preload/control.ts';
import type {Failpoint} from '../preload/failpoint.ts';
import {Caller} from './caller.ts';
import {preload} from './preload.ts';
import {readChapter} from './read-chapter.ts';
import {ReturningSession} from './returning-session.ts';
import {simulatedCalls, simulatedWebhooks} from './simulated-webhooks.ts';
import {WebhookStream} from './webhook-stream.ts';

export interface WorldOptions {
  readonly random: SeededRandom;
  /** Environment variables in addition to the defaults. */
  readonly env?: Readonly<Record<string, string>>;
  /** Disk for the gateway's files. @default a temporary folder */
  readonly disk?: SmallDisk & {readonly end: () => void};
  /** Mutant to run instead of the real gateway. */
  readonly mutant?: string;
  /** Sessions in a stampede. @default depends on the size of the fault */
  readonly crowd?: number;
}

export interface FailpointHit {
  readonly point: Failpoint;
  readonly hit: number;
  readonly action: 'kill' | 'exit-thread';
}

const users = ['ada', 'ben'] as const;
const READY_WITHIN_MS = 30_000;
const SETTLED_WITHIN_MS = 30_000;
const TOKEN_LIFETIME_S = 60 * 24 * 3600;

export class World implements AsyncDisposable {
  readonly random: SeededRandom;
  readonly gateway: CrashGateway;
  readonly simulator: Simulator;
  /** Proxy between the gateway and the simulator's REST API. */
  readonly twilio: TwilioProxy;
  readonly webhooks: WebhookStream;
  readonly sessions: readonly ReturningSession[];
  readonly callers: readonly Caller[];
  /** A temporary folder, removed with the world. */
  readonly scratch: string;
  readonly #controlFile: string;
  readonly #chapters: Chapter[] = [];
  /** End of each chapter, in milliseconds since 1970. */
  readonly #chapterEnds: number[] = [];
  readonly #violations: Violation[] = [];
  readonly #crowd: ReturningSession[] = [];
  readonly #endings: (() => void)[] = [];
  /** URL for new connections of sessions. */
  wsUrl: string;

  /** Set by a fault that needs it. */
  readonly disk: SmallDisk | undefined;
  readonly crowd: number | undefined;
  /** What the fault did and measured, for the output. */
  readonly notes: string[] = [];

  private constructor(
    {random, disk, crowd}: WorldOptions,
    parts: {
      gateway: CrashGateway;
      simulator: Simulator;
      twilio: TwilioProxy;
      scratch: string;
      controlFile: string;
    },
  ) {
    const {gateway, simulator, twilio} = parts;
    this.scratch = parts.scratch;
    this.#controlFile = parts.controlFile;
    this.random = random;
    this.disk = disk;
    this.crowd = crowd;
    if (disk !== undefined) this.after(disk.end);
    this.gateway = gateway;
    this.simulator = simulator;
    this.twilio = twilio;
    this.wsUrl = gateway.wsUrl;
    const gatewayUrl = gateway.url;
    this.webhooks = new WebhookStream({
      gatewayUrl,
      accountSid: ACCOUNT_SID,
      chapter: () => this.#chapters.length,
    });
    const place = {wsUrl: () => this.wsUrl, chapter: () => this.#chapters.length};
    const session = (user: string, token: string, seesAll: boolean) =>
      new ReturningSession({user, token, seesAll, ...place});
    this.sessions = [
      session('operator', ACCESS_KEY, true),
      ...users.map((user) => session(user, tokenOf(user), false)),
    ];
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
  static async open(options: WorldOptions): Promise<World> {
    const {env, mutant, random} = options;
    const simulator = createSimulator({
      accountSid: ACCOUNT_SID,
      authToken: AUTH_TOKEN,
      callsPerSecond: 0,
      speed: 20,
      seed: random.int(1, 1_000_000),
    });
    await simulator.start();
    simulator.setScenario('+1415*', {ringSeconds: 2, hangUpAfterSeconds: 8});
    const twilio = await new TwilioProxy().start();
    twilio.target = simulator.url;
    const scratch = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-chaos-'));
    mkdirSync(path.join(scratch, 'gateway'));
    const controlFile = path.join(scratch, 'control.json');
    const nodeFlags = [preload('control', {file: controlFile})];
    if (mutant !== undefined) nodeFlags.push(preload('mutate', {mutant}));
    const gateway = new CrashGateway(
      {
        accountSid: ACCOUNT_SID,
        authToken: AUTH_TOKEN,
        apiUrl: twilio.url,
        env: {AUTH_JWT_SECRET: JWT_SECRET, ...env},
        nodeFlags,
      },
      options.disk?.folder ?? path.join(scratch, 'gateway'),
      await freePort(),
    );
    const world = new World(options, {gateway, simulator, twilio, scratch, controlFile});
    try {
      await gateway.start();
      for (const session of world.sessions) session.start();
      world.resume();
      await world.waitForAcknowledged(20);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Registers a function to call at disposal, in reverse order. */
  after(fn: () => void): void {
    this.#endings.push(fn);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  violate(kind: ViolationKind, detail: string): void {
    this.#violations.push({kind, detail});
  }

  /** Starts the webhooks and callers. */
  resume(): void {
    this.webhooks.start();
    for (const caller of this.callers) caller.start();
  }

  /** Stops new requests. Resolves when no request is in flight. */
  async pause(): Promise<void> {
    await Promise.all([this.webhooks.pause(), ...this.callers.map((caller) => caller.pause())]);
  }

  /** Adds a session that sees every call and reconnects after `reconnectMs`. */
  join(reconnectMs: number): ReturningSession {
    const session = new ReturningSession({
      user: 'crowd',
      token: ACCESS_KEY,
      seesAll: true,
      wsUrl: () => this.wsUrl,
      chapter: () => this.#chapters.length,
      reconnectMs,
    });
    this.#crowd.push(session);
    session.start();
    return session;
  }

  /** Waits for this many more acknowledged webhooks. */
  async waitForAcknowledged(count: number, timeoutMs = 30_000): Promise<void> {
    const wanted = this.webhooks.acknowledged + count;
    await until(() => this.webhooks.acknowledged >= wanted, {what: `${count} more 2xx`, timeoutMs});
  }

  /** Starts the gateway so that the process, or only the journal's thread, ends at a failpoint. */
  startWithFailpoint({point, hit, action}: FailpointHit): Promise<unknown> {
    return this.gateway.start([preload('failpoint', {point, hit: String(hit), action})]);
  }

  /** Sends commands to the running process, which executes them within two turns of its event loop. */
  control(control: Control): void {
    writeFileSync(this.#controlFile, JSON.stringify(control));
    this.gateway.signal('SIGUSR2');
  }

  /** The existing journal files: database, WAL and mark. */
  get files(): readonly string[] {
    const {databaseFile} = this.gateway;
    return [databaseFile, `${databaseFile}-wal`, `${databaseFile}.mark`].filter((file) => existsSync(file));
  }

  /**
   * Copies the journal's files while the gateway is down. Returns a function that restores them as new files, as a
   * restored backup would be. Without `mark`, the current mark stays.
   */
  backUp(): (options: {readonly mark: boolean}) => void {
    const copies = this.files.map((file) => [file, `${file}.backup`] as const);
    for (const [file, copy] of copies) copyFileSync(file, copy);
    return ({mark}) => {
      for (const file of this.files) if (mark || !file.endsWith('.mark')) rmSync(file);
      for (const [file, copy] of copies) if (mark || !file.endsWith('.mark')) copyFileSync(copy, file);
    };
  }

  /** Ends a chapter. Webhooks acknowledged so far must be in this journal, later ones in the next chapter's journal. */
  endChapter(): Chapter {
    const chapter = readChapter(this.gateway.databaseFile);
    this.#chapters.push(chapter);
    this.#chapterEnds.push(Date.now());
    return chapter;
  }

  /** Removes the last chapter, because the journal did not change. */
  reopenChapter(): void {
    this.#chapters.pop();
    this.#chapterEnds.pop();
  }

  async waitUntilReady(timeoutMs = READY_WITHIN_MS): Promise<void> {
    const look = async () => {
      try {
        const response = await fetch(`${this.gateway.url}/readyz`, {signal: AbortSignal.timeout(3000)});
        return response.ok;
      } catch {
        return false;
      }
    };
    await until(look, {what: 'readyz to return 200', timeoutMs});
  }

  /** After the repair: waits until the gateway has caught up, and records violations. */
  async settle(): Promise<void> {
    try {
      const struck = Object.entries(this.simulator.faults().struck).map(
        ([name, times]) => `${name} ${times}`,
      );
      if (struck.length > 0) this.note(`struck: ${struck.join(', ')}`);
      this.simulator.setFaults({});
      this.twilio.intercept = undefined;
      this.twilio.afterwards = undefined;
      if (!this.gateway.isRunning) await this.gateway.start();
      await this.waitUntilReady();
      await this.pause();
      await this.webhooks.sendPending();
      await Promise.race([this.simulator.settled(), wait(SETTLED_WITHIN_MS, undefined, {ref: false})]);
      await this.#sessionsAtHead();
    } catch (error) {
      this.violate('stuck', error instanceof Error ? error.message : String(error));
    }
  }

  /** Kills the gateway, because only the data on disk counts. Returns the history and the recorded violations. */
  async conclude(): Promise<{readonly history: History; readonly violations: readonly Violation[]}> {
    if (this.gateway.isRunning) await this.gateway.kill();
    for (const refusal of this.webhooks.refused) this.violate('lost', refusal);
    const deliveries = this.simulator.deliveries();
    const last: Chapter[] = [];
    try {
      last.push(readChapter(this.gateway.databaseFile));
    } catch (error) {
      this.violate('corrupt', `the journal cannot be read: ${String(error)}`);
    }
    const chapterAt = (at: number) => this.#chapterEnds.filter((end) => end < at).length;
    const history: History = {
      webhooks: [...this.webhooks.records, ...simulatedWebhooks(deliveries, chapterAt)],
      dials: this.callers.flatMap(({dials}) => dials),
      hangUps: this.callers.flatMap(({hangUps}) => hangUps),
      connections: [...this.sessions, ...this.#crowd].flatMap(({records}) => records),
      chapters: [...this.#chapters, ...last],
      providerCalls: simulatedCalls(this.simulator, deliveries),
    };
    return {history, violations: this.#violations};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.webhooks.close();
    await Promise.all(this.callers.map((caller) => caller.pause()));
    await Promise.all([...this.sessions, ...this.#crowd].map((session) => session.stop()));
    if (this.gateway.isRunning) await this.gateway.kill();
    await this.simulator.stop();
    await this.twilio[Symbol.asyncDispose]();
    // Before the folder is removed, because a disk may be mounted there.
    for (const end of this.#endings.reverse()) end();
    await this.gateway[Symbol.asyncDispose]();
    await rm(this.scratch, {recursive: true, force: true});
  }

  /** Waits until each session has reached the last entry that it may see. */
  async #sessionsAtHead(): Promise<void> {
    const {entries} = readChapter(this.gateway.databaseFile);
    const pushed = entries.filter(({verdict, kind}) => verdict === 'applied' && kind === 'status');
    for (const [index, session] of this.sessions.entries()) {
      const user = users[index - 1];
      const last = pushed.findLast(({owner}) => user === undefined || owner === user);
      if (last !== undefined) await session.waitForOffset(last.offset);
    }
  }
}

function tokenOf(user: string): string {
  return signToken(user, {scope: ['calls:read', 'calls:control'], lifetimeS: TOKEN_LIFETIME_S});
}
