/**
 * Hears of other nodes' commits. It only wakes: whatever it misses is found by the polls beneath. So that a connection that
 * died in silence costs delay for seconds and not for hours, it sends itself a beat through its own session, and is replaced
 * when one does not come back.
 */
import type {CancelTimer, Clock} from '../../../clock.ts';
import type {PostgresConnection} from '../../../postgres/postgres-connection.ts';
import type {PostgresDatabase} from '../../../postgres/postgres-database.ts';
import {CHANNEL} from '../writer/write-group.ts';

export interface HeadListenerOptions {
  readonly database: PostgresDatabase;
  readonly clock: Clock;
  /** This node: it need not be told of what it wrote itself. */
  readonly node: string;
  readonly onWake: () => void;
  readonly onFault: (fault: Error) => void;
}

/** A dead session is noticed after two of them at most, in milliseconds. */
const BEAT_MS = 5000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export class HeadListener {
  readonly #options: HeadListenerOptions;
  readonly #beatChannel: string;
  #connection: PostgresConnection | undefined;
  #connecting = false;
  #beatOutstanding = false;
  #pauseMs = FIRST_PAUSE_MS;
  #told = false;
  #stopBeating: CancelTimer | undefined;
  #cancelRetry: CancelTimer | undefined;

  constructor(options: HeadListenerOptions) {
    this.#options = options;
    this.#beatChannel = `hookswitch_beat_${options.node.replaceAll('-', '')}`;
  }

  start(): void {
    this.#stopBeating = this.#options.clock.every(BEAT_MS, () => this.#beat());
    this.#connect();
  }

  stop(): void {
    this.#stopBeating?.();
    this.#stopBeating = undefined;
    this.#cancelRetry?.();
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Listens anew: what it is connected to may not be where appends go any more. */
  renew(): void {
    if (this.#connection !== undefined) this.#lost(this.#connection);
  }

  /** Whether notifications come in, as far as anybody can know. */
  get listening(): boolean {
    return this.#connection !== undefined;
  }

  #connect(): void {
    if (this.#connecting || this.#stopBeating === undefined) return;
    this.#connecting = true;
    this.#listen()
      .catch((error: unknown) => {
        // Once for each time it is away.
        if (!this.#told) this.#options.onFault(error instanceof Error ? error : new Error(String(error)));
        this.#told = true;
        this.#retry();
      })
      .finally(() => {
        this.#connecting = false;
      });
  }

  async #listen(): Promise<void> {
    const {database, node, onWake} = this.#options;
    const connection = await database.connect('listener');
    connection.onNotification(({channel, payload}) => {
      if (channel === this.#beatChannel) this.#beatOutstanding = false;
      else if (payload !== node) onWake();
    });
    try {
      await connection.run(`LISTEN ${CHANNEL}; LISTEN ${this.#beatChannel}`);
    } catch (error) {
      connection.close();
      throw error;
    }
    if (this.#stopBeating === undefined) return connection.close();
    this.#connection = connection;
    this.#beatOutstanding = false;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#told = false;
    connection.onEnd(() => this.#lost(connection));
    if (connection.broken !== undefined) return this.#lost(connection);
    // What came before it listened woke nobody.
    onWake();
  }

  #beat(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#beatOutstanding) {
      this.#options.onFault(
        new Error('the connection that hears of appends has gone silent; it is being replaced'),
      );
      this.#lost(connection);
      return;
    }
    this.#beatOutstanding = true;
    connection.query('SELECT pg_notify($1, $2)', [this.#beatChannel, '']).catch(() => this.#lost(connection));
  }

  #lost(connection: PostgresConnection): void {
    connection.close();
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#retry();
  }

  #retry(): void {
    if (this.#stopBeating === undefined) return;
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(this.#pauseMs, () => {
      this.#connecting = false;
      this.#connect();
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
