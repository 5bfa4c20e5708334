/**
 * One session of a crowd: reads what it is told, and comes back from where it was whenever it is cut off, to another
 * node. It keeps the offset of every event, so that afterwards each can be compared with the journal.
 */
import {SUBPROTOCOL} from '@hookswitch/protocol';
import {WebSocket} from 'ws';
import {ACCESS_KEY} from '../servers/servers.ts';

export interface CrowdSessionOptions {
  /** Of the nodes, in their order. */
  readonly ports: readonly number[];
  /** The node it begins at. */
  readonly node: number;
  /** How many nodes further it goes each time, so that those of one node do not all go to the same other one. */
  readonly step: number;
  /** Told of every event. */
  readonly onEvent: (node: number, offset: number) => void;
}

interface Message {
  readonly type: string;
  readonly offset?: number;
  readonly epoch?: string;
  readonly recovered?: boolean;
}

interface Place {
  readonly epoch: string;
  offset: number;
}

/** Where nobody lets it in, it tries another node so much later. */
const AGAIN_MS = 250;

export class CrowdSession {
  /** Of each event that it was told of, in the order in which they came. */
  readonly offsets: number[] = [];
  /** How often it was let in. */
  connections = 0;
  /** How often it came back and could not go on where it was. */
  restarts = 0;
  readonly #options: CrowdSessionOptions;
  #node: number;
  #place: Place | undefined;
  #socket: WebSocket | undefined;
  #isOpen = false;
  #again: NodeJS.Timeout | undefined;

  constructor(options: CrowdSessionOptions) {
    this.#options = options;
    this.#node = options.node;
    this.#connect();
  }

  /** Index of the node it is at; `undefined` while it is at none. */
  get node(): number | undefined {
    return this.#isOpen ? this.#node : undefined;
  }

  /** How far it was brought. */
  get offset(): number {
    return this.#place?.offset ?? 0;
  }

  close(): void {
    clearTimeout(this.#again);
    this.#socket?.removeAllListeners('close');
    this.#socket?.terminate();
  }

  #connect(): void {
    const place = this.#place;
    const search = place === undefined ? '' : `?epoch=${place.epoch}&offset=${place.offset}`;
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
    socket.on('close', () => this.#comeBack());
    this.#socket = socket;
  }

  #receive({type, offset = 0, epoch = '', recovered}: Message): void {
    if (type === 'session.ready') {
      this.#isOpen = true;
      this.connections += 1;
      if (recovered === true) return;
      if (this.#place !== undefined) this.restarts += 1;
      this.#place = {epoch, offset};
    } else if (type === 'call.status') {
      this.offsets.push(offset);
      if (this.#place !== undefined) this.#place.offset = offset;
      this.#options.onEvent(this.#node, offset);
    } else if (type === 'session.heartbeat' && this.#place !== undefined) this.#place.offset = offset;
  }

  /** At once, if it was in: it has lost its node. */
  #comeBack(): void {
    const pauseMs = this.#isOpen ? 0 : AGAIN_MS;
    this.#isOpen = false;
    this.#node = (this.#node + this.#options.step) % this.#options.ports.length;
    this.#again = setTimeout(() => this.#connect(), pauseMs);
  }
}
