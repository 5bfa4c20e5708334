/** A session that comes back, as browsers do: from the last message it has seen, until it is told to stop. */
import {setTimeout as wait} from 'node:timers/promises';
import {until} from '../../test/support/until.ts';
import {TestClient} from '../../test/support/websocket/client.ts';
import type {ConnectionRecord} from '../history/history.ts';

export interface ReturningSessionOptions {
  readonly user: string;
  readonly seesAll: boolean;
  readonly token: string;
  /** Where to connect; asked for every connection. */
  readonly wsUrl: () => string;
  /** The chapter of now. */
  readonly chapter: () => number;
  /** Milliseconds between two attempts. @default 60 */
  readonly againMs?: number;
}

const AGAIN_MS = 60;
const READY_WITHIN_MS = 20_000;

interface Place {
  readonly epoch: string;
  readonly offset: number;
}

interface Connection {
  readonly client: TestClient;
  readonly chapter: number;
  readonly asked: Place | undefined;
}

export class ReturningSession {
  readonly #options: ReturningSessionOptions;
  readonly #connections: Connection[] = [];
  #running = true;
  #work: Promise<void> = Promise.resolve();
  #place: Place | undefined;

  constructor(options: ReturningSessionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#work = this.#run();
  }

  /** Every connection that got as far as `session.ready`. */
  get records(): readonly ConnectionRecord[] {
    return this.#connections.flatMap((connection) => this.#record(connection));
  }

  /** The socket it is on now. */
  get client(): TestClient | undefined {
    return this.#connections.at(-1)?.client;
  }

  /** How often it got as far as a socket that was not closed before `session.ready`, the present one included. */
  get connections(): number {
    return this.#connections.length;
  }

  /** How far the present connection was brought; nothing while there is none. */
  get position(): number | undefined {
    const client = this.client;
    if (client === undefined || client.closeCode !== undefined || client.of('session.ready').length === 0)
      return undefined;
    return client.position().offset;
  }

  /** Leaves its socket open and silent, as a machine that has lost its network, and comes back on another. */
  abandon(): void {
    this.client?.ws.emit('abandoned');
  }

  async reaches(offset: number, timeoutMs = 20_000): Promise<void> {
    await until(() => (this.position ?? -1) >= offset, {
      what: `${this.#options.user} to be told of ${offset}; it is at ${this.position} of ${JSON.stringify(this.#place)}`,
      timeoutMs,
    });
  }

  async stop(): Promise<void> {
    this.#running = false;
    for (const {client} of this.#connections) client.terminate();
    await this.#work;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      await this.#connect();
      if (this.#running) await wait(this.#options.againMs ?? AGAIN_MS);
    }
  }

  async #connect(): Promise<void> {
    const {token, wsUrl, chapter} = this.#options;
    const asked = this.#place;
    const client = new TestClient(wsUrl(), {token, ...(asked === undefined ? {} : {resume: asked})});
    const gone = new Promise<void>((resolve) => {
      client.ws.once('close', () => resolve());
      client.ws.once('abandoned', resolve);
    });
    this.#connections.push({client, chapter: chapter(), asked});
    // A listener that accepts and never answers, as a stopped process does.
    const impatient = setTimeout(() => {
      if (client.of('session.ready').length === 0) client.terminate();
    }, READY_WITHIN_MS);
    await gone;
    clearTimeout(impatient);
    if (client.of('session.ready').length > 0) this.#place = client.position();
    else this.#connections.pop();
  }

  #record({client, chapter, asked}: Connection): readonly ConnectionRecord[] {
    const {user, seesAll} = this.#options;
    const ready = client.of('session.ready')[0];
    if (ready === undefined) return [];
    const {epoch, offset, recovered} = ready;
    const snapshot = client.of('call.snapshot')[0];
    return [
      {
        user,
        seesAll,
        chapter,
        ...(asked === undefined ? {} : {asked}),
        ready: {epoch, offset, recovered},
        ...(snapshot === undefined ? {} : {snapshot}),
        told: client.of('call.status'),
        position: client.position().offset,
      },
    ];
  }
}
