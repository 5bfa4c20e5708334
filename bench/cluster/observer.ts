/** A session that records when it received each status of each call. */
import {once} from 'node:events';
import {SUBPROTOCOL} from '@hookswitch/protocol';
import {WebSocket} from 'ws';
import {ACCESS_KEY} from '../servers/servers.ts';

interface StatusMessage {
  readonly type: string;
  readonly callSid: string;
  readonly providerStatus: string;
  readonly offset: number;
}

export class Observer {
  /** Times of receipt (`performance.now()`), by `eventKey`. */
  readonly #receivedAt = new Map<string, number>();
  readonly #socket: WebSocket;
  #offset = 0;
  #fault: string | undefined;
  #wanted = 0;
  #resolve: (() => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#receive(data, performance.now()));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#fault ??= 'the session was closed';
    });
  }

  /** Resolves after the first message. */
  static async open(port: number): Promise<Observer> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, [SUBPROTOCOL], {
      headers: {Authorization: `Bearer ${ACCESS_KEY}`},
      perMessageDeflate: false,
    });
    const observer = new Observer(socket);
    await once(socket, 'message');
    return observer;
  }

  /** Resolves when it has received this many events since it was opened. @throws after the deadline */
  async waitForEvents(events: number, deadlineMs: number): Promise<void> {
    const {promise, resolve, reject} = Promise.withResolvers<void>();
    this.#wanted = events;
    this.#resolve = resolve;
    const deadline = setTimeout(() => {
      const state = `${this.#receivedAt.size} of ${events} events in ${deadlineMs} ms`;
      reject(new Error(`a session received ${state}${this.#fault === undefined ? '' : `: ${this.#fault}`}`));
    }, deadlineMs);
    this.#resolveIfComplete();
    await promise.finally(() => clearTimeout(deadline));
    if (this.#fault !== undefined) throw new Error(this.#fault);
  }

  /** Time of receipt. @throws when the event was not received */
  receivedAt(key: string): number {
    const moment = this.#receivedAt.get(key);
    if (moment === undefined) throw new Error(`a session did not receive ${key}`);
    return moment;
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.terminate();
  }

  #receive(data: Buffer, at: number): void {
    const {type, callSid, providerStatus, offset} = JSON.parse(data.toString()) as StatusMessage;
    if (type !== 'call.status') return;
    const key = eventKey(callSid, providerStatus);
    if (offset <= this.#offset) this.#fault ??= `${offset} arrived after ${this.#offset}`;
    if (this.#receivedAt.has(key)) this.#fault ??= `${key} arrived twice`;
    this.#offset = offset;
    this.#receivedAt.set(key, at);
    this.#resolveIfComplete();
  }

  #resolveIfComplete(): void {
    if (this.#receivedAt.size >= this.#wanted) this.#resolve?.();
  }
}

export function eventKey(callSid: string, providerStatus: string): string {
  return `${callSid}/${providerStatus}`;
}
