/**
 * Receives notifications of other nodes' commits and wakes the tail. The tail also polls, so a lost
 * notification only costs latency. The listener notifies itself through its own connection. If that
 * notification does not arrive, it replaces the connection, so that a dead connection delays entries for
 * seconds, not for hours.
 */
import type {CancelTimer, Clock} from '../../../clock.ts';
import type {PostgresConnection} from '../../../postgres/postgres-connection.ts';
import type {PostgresDatabase} from '../../../postgres/postgres-database.ts';
import {CHANNEL} from '../writer/write-group.ts';

export interface HeadListenerOptions {
  readonly database: PostgresDatabase;
  readonly clock: Clock;
  /** This node. Notifications of its own commits are ignored. */
  readonly node: string;
  readonly onWake: () => void;
  readonly onFault: (fault: Error) => void;
}

/**
 * Interval of the notifications to itself, in milliseconds. A dead connection is detected after two
 * intervals.
 */
const BEAT_MS = 5000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export class HeadListener {
  readonly #options: HeadListenerOptions;
  readonly #beatChannel: string;
  #connection: PostgresConnection | undefined;
  #connecting = false;
  #isBeatPending = false;
  #pauseMs = FIRST_PAUSE_MS;
  #isFaultReported = false;
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

  /** Reconnects, because the current connection may lead to a server that no longer receives appends. */
  renew(): void {
    if (this.#connection !== undefined) this.#handleLoss(this.#connection);
  }

  /** Whether the listener is connected. */
  get listening(): boolean {
    return this.#connection !== undefined;
  }

  #connect(): void {
    if (this.#connecting || this.#stopBeating === undefined) return;
    this.#connecting = true;
    this.#listen()
      .catch((error: unknown) => {
        // Report each outage only once.
        if (!this.#isFaultReported)
          this.#options.onFault(error instanceof Error ? error : new Error(String(error)));
        this.#isFaultReported = true;
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
      if (channel === this.#beatChannel) this.#isBeatPending = false;
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
    this.#isBeatPending = false;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#isFaultReported = false;
    connection.onEnd(() => this.#handleLoss(connection));
    if (connection.broken !== undefined) return this.#handleLoss(connection);
    // Commits before LISTEN have sent no notification to this connection.
    onWake();
  }

  #beat(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#isBeatPending) {
      this.#options.onFault(
        new Error('the connection that receives notifications of appends is silent and is being replaced'),
      );
      this.#handleLoss(connection);
      return;
    }
    this.#isBeatPending = true;
    connection
      .query('SELECT pg_notify($1, $2)', [this.#beatChannel, ''])
      .catch(() => this.#handleLoss(connection));
  }

  #handleLoss(connection: PostgresConnection): void {
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
