/** A steady stream of callbacks to the nodes in turn. A callback is retried until it is accepted, as Twilio does. */
import {connect} from 'node:net';
import {setTimeout as wait} from 'node:timers/promises';
import {signedCallbacks} from './callbacks.ts';

export interface RetryingLoadOptions {
  /** Port of the address that the callbacks are signed for. */
  readonly publicPort: number;
  /** Returns the nodes for the next attempt. */
  readonly ports: () => readonly number[];
  /** Approximate rate while every callback is accepted at once. */
  readonly perSecond: number;
}

const SENDERS = 8;
/** Delay before a callback is retried. */
const RETRY_MS = 100;
const ANSWER_WITHIN_MS = 15_000;
/** Callbacks signed at a time. The next status of a call comes a quarter of a batch later. */
const BATCH = 400;
const ACCEPTED = 204;

export class RetryingLoad {
  /** Accepted callbacks. */
  accepted = 0;
  /** Count per response status; 0 stands for no response. */
  readonly answers = new Map<number, number>();
  readonly #options: RetryingLoadOptions;
  #requests: Buffer[] = [];
  #running = false;
  #senders: Promise<unknown> = Promise.resolve();
  #turn = 0;

  constructor(options: RetryingLoadOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#senders = Promise.all(Array.from({length: SENDERS}, () => this.#send()));
  }

  /** Resolves when all callbacks in flight were accepted. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#senders;
  }

  /** Responses with this status so far; 0 stands for no response. */
  answered(status: number): number {
    return this.answers.get(status) ?? 0;
  }

  async #send(): Promise<void> {
    const pauseMs = (1000 * SENDERS) / this.#options.perSecond;
    while (this.#running) {
      const startedAt = performance.now();
      const request = this.#nextRequest();
      while (!(await this.#post(request))) await wait(RETRY_MS);
      this.accepted += 1;
      await wait(Math.max(0, pauseMs - (performance.now() - startedAt)));
    }
  }

  async #post(request: Buffer): Promise<boolean> {
    const ports = this.#options.ports();
    this.#turn += 1;
    const status = await postOnce(ports[this.#turn % ports.length] ?? 0, request);
    this.answers.set(status, this.answered(status) + 1);
    return status === ACCEPTED;
  }

  #nextRequest(): Buffer {
    if (this.#requests.length === 0) {
      const port = this.#options.publicPort;
      this.#requests = signedCallbacks({port, count: BATCH, concurrentCalls: BATCH / 4}).reverse();
    }
    const request = this.#requests.pop();
    if (request === undefined) throw new Error('the batch of callbacks is empty');
    return request;
  }
}

/** Posts on a new connection. Resolves with the status, or with 0 if the node refused or closed the connection. */
function postOnce(port: number, request: Buffer): Promise<number> {
  const {promise, resolve} = Promise.withResolvers<number>();
  const socket = connect({port, host: '127.0.0.1', noDelay: true, timeout: ANSWER_WITHIN_MS});
  let head = '';
  socket.on('data', (chunk: Buffer) => {
    head += chunk.toString('latin1');
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
    if (status === undefined) return;
    resolve(Number(status));
    socket.destroy();
  });
  socket.on('timeout', () => socket.destroy());
  socket.on('error', () => {});
  socket.on('close', () => resolve(0));
  socket.write(request);
  return promise;
}
