/**
 * One round's world: the gateway as a process, a simulated Twilio, users who place calls, webhooks without end, and
 * sessions that come back. Faults act on it; when all is mended it becomes a history.
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
  /** Variables of the gateway beside the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the gateway's files are, in place of a folder of its own in the system's temporary one. */
  readonly disk?: SmallDisk & {readonly end: () => void};
  /** The gateway is one with a promise broken. */
  readonly mutant?: string;
  /** Sessions in a crowd, where a fault has one. @default what suits a machine that does other things too */
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
  /** What the gateway takes for Twilio's REST API. */
  readonly twilio: TwilioProxy;
  readonly webhooks: WebhookStream;
  readonly sessions: readonly ReturningSession[];
  readonly callers: readonly Caller[];
  /** A folder for what a round needs; it goes with it. */
  readonly scratch: string;
  readonly #controlFile: string;
  readonly #chapters: Chapter[] = [];
  /** When each chapter ended, milliseconds since 1970. */
  readonly #chapterEnds: number[] = [];
  readonly #violations: Violation[] = [];
  readonly #crowd: ReturningSession[] = [];
  readonly #endings: (() => void)[] = [];
  /** Where sessions connect. */
  wsUrl: string;

  /** Of a fault that needs one. */
  readonly disk: SmallDisk | undefined;
  readonly crowd: number | undefined;
  /** What a fault did and saw, for people. */
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

  /** Everything runs when it resolves. */
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
      await world.answers(20);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Called when the world ends, the last one first. */
  after(fn: () => void): void {
    this.#endings.push(fn);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  violate(kind: ViolationKind, detail: string): void {
    this.#violations.push({kind, detail});
  }

  /** Webhooks and callers go on. */
  resume(): void {
    this.webhooks.start();
    for (const caller of this.callers) caller.start();
  }

  /** Nothing new is sent; resolves when everything that was has an answer or none any more. */
  async pause(): Promise<void> {
    await Promise.all([this.webhooks.pause(), ...this.callers.map((caller) => caller.pause())]);
  }

  /** One more session that sees everything, besides those every world has; it comes back after `againMs`. */
  join(againMs: number): ReturningSession {
    const session = new ReturningSession({
      user: 'crowd',
      token: ACCESS_KEY,
      seesAll: true,
      wsUrl: () => this.wsUrl,
      chapter: () => this.#chapters.length,
      againMs,
    });
    this.#crowd.push(session);
    session.start();
    return session;
  }

  /** Waits for so many more acknowledged webhooks. */
  async answers(count: number, timeoutMs = 30_000): Promise<void> {
    const wanted = this.webhooks.answers + count;
    await until(() => this.webhooks.answers >= wanted, {what: `${count} more 2xx`, timeoutMs});
  }

  /** Starts the gateway so that it, or only its writer's thread, ends at a certain place. */
  startWithFailpoint({point, hit, action}: FailpointHit): Promise<unknown> {
    return this.gateway.start([preload('failpoint', {point, hit: String(hit), action})]);
  }

  /** Tells the running process to do something to itself; it does so within this turn of its event loop or the next. */
  control(control: Control): void {
    writeFileSync(this.#controlFile, JSON.stringify(control));
    this.gateway.signal('SIGUSR2');
  }

  /** The journal's files: database, WAL and mark, as far as they exist. */
  get files(): readonly string[] {
    const {databaseFile} = this.gateway;
    return [databaseFile, `${databaseFile}-wal`, `${databaseFile}.mark`].filter((file) => existsSync(file));
  }

  /**
   * Copies the journal's files away; the gateway must not run. What it returns puts them back, as a restored backup
   * does: into new files. Without the mark, the one that is there stays.
   */
  backUp(): (options: {readonly mark: boolean}) => void {
    const copies = this.files.map((file) => [file, `${file}.backup`] as const);
    for (const [file, copy] of copies) copyFileSync(file, copy);
    return ({mark}) => {
      for (const file of this.files) if (mark || !file.endsWith('.mark')) rmSync(file);
      for (const [file, copy] of copies) if (mark || !file.endsWith('.mark')) copyFileSync(copy, file);
    };
  }

  /** What was acknowledged so far has to be in the journal as it is now; what comes later, in the one that follows. */
  endChapter(): Chapter {
    const chapter = readChapter(this.gateway.databaseFile);
    this.#chapters.push(chapter);
    this.#chapterEnds.push(Date.now());
    return chapter;
  }

  /** Takes the chapter back: there is no journal that follows it. */
  reopenChapter(): void {
    this.#chapters.pop();
    this.#chapterEnds.pop();
  }

  async ready(timeoutMs = READY_WITHIN_MS): Promise<void> {
    const look = async () => {
      try {
        const response = await fetch(`${this.gateway.url}/readyz`, {signal: AbortSignal.timeout(3000)});
        return response.ok;
      } catch {
        return false;
      }
    };
    await until(look, {what: 'readyz to answer 200', timeoutMs});
  }

  /** Everything is mended: waits for the gateway to have caught up, and says what it did not get done. */
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
      await this.ready();
      await this.pause();
      await this.webhooks.bringRest();
      await Promise.race([this.simulator.settled(), wait(SETTLED_WITHIN_MS, undefined, {ref: false})]);
      await this.#sessionsAtHead();
    } catch (error) {
      this.violate('stuck', error instanceof Error ? error.message : String(error));
    }
  }

  /** Violations that a fault found, and the history for the rest. Ends the gateway by force: what counts is on disk. */
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
    // Before the folder is removed: a disk may be mounted there.
    for (const end of this.#endings.reverse()) end();
    await this.gateway[Symbol.asyncDispose]();
    await rm(this.scratch, {recursive: true, force: true});
  }

  /** Each session is brought to the last entry that it may see. */
  async #sessionsAtHead(): Promise<void> {
    const {entries} = readChapter(this.gateway.databaseFile);
    const pushed = entries.filter(({verdict, kind}) => verdict === 'applied' && kind === 'status');
    for (const [index, session] of this.sessions.entries()) {
      const user = users[index - 1];
      const last = pushed.findLast(({owner}) => user === undefined || owner === user);
      if (last !== undefined) await session.reaches(last.offset);
    }
  }
}

function tokenOf(user: string): string {
  return signToken(user, {scope: ['calls:read', 'calls:control'], lifetimeS: TOKEN_LIFETIME_S});
}
