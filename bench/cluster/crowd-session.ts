/**
 * A session of a crowd. When it is disconnected, it resumes at another node. It records the offset of every event so
 * that the caller can compare them with the journal.
 */
import {SUBPROTOCOL} from '@hookswitch/protocol';
import {WebSocket} from 'ws';
import {ACCESS_KEY} from '../servers/servers.ts';

export interface CrowdSessionOptions {
  /** Ports of the nodes, in order. */
  readonly ports: readonly number[];
  /** The first node. */
  readonly node: number;
  /** Nodes to advance at each reconnect, so that the sessions of one node spread over the others. */
  readonly step: number;
  /** Called for every event. */
  readonly onEvent: (node: number, offset: number) => void;
}

interface Message {
  readonly type: string;
  readonly offset?: number;
  readonly epoch?: string;
  readonly recovered?: boolean;
}

interface Position {
  readonly epoch: string;
  offset: number;
}

/** Delay before a session that could not connect tries another node. */
const RETRY_MS = 250;

export class CrowdSession {
  /** Offsets of the received events, in the order of arrival. */
  readonly offsets: number[] = [];
  /** Number of successful connects. */
  connections = 0;
  /** Number of reconnects that were not recovered. */
  restarts = 0;
  readonly #options: CrowdSessionOptions;
  #node: number;
  #position: Position | undefined;
  #socket: WebSocket | undefined;
  #isOpen = false;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: CrowdSessionOptions) {
    this.#options = options;
    this.#node = options.node;
    this.#connect();
  }

  /** Index of the current node; `undefined` while disconnected. */
  get node(): number | undefined {
    return this.#isOpen ? this.#node : undefined;
  }

  /** The last offset that the gateway sent. */
  get offset(): number {
    return this.#position?.offset ?? 0;
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#socket?.removeAllListeners('close');
    this.#socket?.terminate();
  }

  #connect(): void {
    const position = this.#position;
    const search = position === undefined ? '' : `?epoch=${position.epoch}&offset=${position.offset}`;
    const socket = new WebSocket(
      `ws://127.0.0.1:${this.#options.ports[this.#node]}/ws${search}`,
      [SUBPROTOCOL],
      {
        headers: {Authorization: `Bearer ${ACCESS_KEY}`},
        perMessageDeflate: false,
      },
    );
    socket.on('message', (data: Buffer) => this.#receive(JSON.parse(data.toString()) as Message));
    socket.on('error', () => {});
    socket.on('close', () => this.#reconnect());
    this.#socket = socket;
  }

  #receive({type, offset = 0, epoch = '', recovered}: Message): void {
    if (type === 'session.ready') {
      this.#isOpen = true;
      this.connections += 1;
      if (recovered === true) return;
      if (this.#position !== undefined) this.restarts += 1;
      this.#position = {epoch, offset};
    } else if (type === 'call.status') {
      this.offsets.push(offset);
      if (this.#position !== undefined) this.#position.offset = offset;
      this.#options.onEvent(this.#node, offset);
    } else if (type === 'session.heartbeat' && this.#position !== undefined) this.#position.offset = offset;
  }

  /** Reconnects at once if the session was open, because it has lost its node. */
  #reconnect(): void {
    const pauseMs = this.#isOpen ? 0 : RETRY_MS;
    this.#isOpen = false;
    this.#node = (this.#node + this.#options.step) % this.#options.ports.length;
    this.#retryTimer = setTimeout(() => this.#connect(), pauseMs);
  }
}
