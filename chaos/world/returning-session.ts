/** A session that reconnects as a browser does: it resumes after the last message until it is stopped. */
import {setTimeout as wait} from 'node:timers/promises';
import {until} from '../../test/support/until.ts';
import {TestClient} from '../../test/support/websocket/client.ts';
import type {ConnectionRecord} from '../history/history.ts';

export interface ReturningSessionOptions {
  readonly user: string;
  readonly seesAll: boolean;
  readonly token: string;
  /** Returns the URL for each connection. */
  readonly wsUrl: () => string;
  /** The current chapter. */
  readonly chapter: () => number;
  /** Milliseconds before a reconnect. @default 60 */
  readonly reconnectMs?: number;
}

const RECONNECT_MS = 60;
const READY_WITHIN_MS = 20_000;

interface Place {
  readonly epoch: string;
  readonly offset: number;
}

interface Connection {
  readonly client: TestClient;
  readonly chapter: number;
  readonly requested: Place | undefined;
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

  /** All connections that received `session.ready`. */
  get records(): readonly ConnectionRecord[] {
    return this.#connections.flatMap((connection) => this.#record(connection));
  }

  /** The client of the current connection. */
  get client(): TestClient | undefined {
    return this.#connections.at(-1)?.client;
  }

  /** Number of connections that received `session.ready`, including the current attempt. */
  get connections(): number {
    return this.#connections.length;
  }

  /** Offset of the current connection; `undefined` while it is not ready. */
  get position(): number | undefined {
    const client = this.client;
    if (client === undefined || client.closeCode !== undefined || client.of('session.ready').length === 0)
      return undefined;
    return client.position().offset;
  }

  /** Leaves the socket open and silent, like a machine that has lost its network, and reconnects on another. */
  abandon(): void {
    this.client?.ws.emit('abandoned');
  }

  async waitForOffset(offset: number, timeoutMs = 20_000): Promise<void> {
    await until(() => (this.position ?? -1) >= offset, {
      what: `${this.#options.user} to reach offset ${offset}; it is at ${this.position} of ${JSON.stringify(this.#place)}`,
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
      if (this.#running) await wait(this.#options.reconnectMs ?? RECONNECT_MS);
    }
  }

  async #connect(): Promise<void> {
    const {token, wsUrl, chapter} = this.#options;
    const requested = this.#place;
    const client = new TestClient(wsUrl(), {token, ...(requested === undefined ? {} : {resume: requested})});
    const gone = new Promise<void>((resolve) => {
      client.ws.once('close', () => resolve());
      client.ws.once('abandoned', resolve);
    });
    this.#connections.push({client, chapter: chapter(), requested});
    // A stopped process accepts connections and never responds.
    const impatient = setTimeout(() => {
      if (client.of('session.ready').length === 0) client.terminate();
    }, READY_WITHIN_MS);
    await gone;
    clearTimeout(impatient);
    if (client.of('session.ready').length > 0) this.#place = client.position();
    else this.#connections.pop();
  }

  #record({client, chapter, requested}: Connection): readonly ConnectionRecord[] {
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
        ...(requested === undefined ? {} : {requested}),
        ready: {epoch, offset, recovered},
        ...(snapshot === undefined ? {} : {snapshot}),
        received: client.of('call.status'),
        position: client.position().offset,
      },
    ];
  }
}
