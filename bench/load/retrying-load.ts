/** Callbacks without end, at nodes in turn; one that is not taken comes again, as Twilio brings it, until it is. */
import {connect} from 'node:net';
import {setTimeout as wait} from 'node:timers/promises';
import {signedCallbacks} from './callbacks.ts';

export interface RetryingLoadOptions {
  /** What the callbacks are signed for. */
  readonly publicPort: number;
  /** Asked for each attempt: the nodes it may go to. */
  readonly ports: () => readonly number[];
  /** About so many, while all are taken at once. */
  readonly perSecond: number;
}

const SENDERS = 8;
/** Until the same callback is brought again. */
const AGAIN_MS = 100;
const ANSWER_WITHIN_MS = 15_000;
/** Callbacks made at a time; each call's next status is a quarter of them later. */
const BATCH = 400;
const TAKEN = 204;

export class RetryingLoad {
  /** Callbacks that were taken. */
  taken = 0;
  /** How often each status was the answer; 0 stands for none. */
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

  /** Resolves when everything that was brought has been taken. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#senders;
  }

  /** How often a status was the answer so far; 0 stands for none. */
  answered(status: number): number {
    return this.answers.get(status) ?? 0;
  }

  async #send(): Promise<void> {
    const pauseMs = (1000 * SENDERS) / this.#options.perSecond;
    while (this.#running) {
      const startedAt = performance.now();
      const request = this.#take();
      while (!(await this.#bring(request))) await wait(AGAIN_MS);
      this.taken += 1;
      await wait(Math.max(0, pauseMs - (performance.now() - startedAt)));
    }
  }

  async #bring(request: Buffer): Promise<boolean> {
    const ports = this.#options.ports();
    this.#turn += 1;
    const status = await postOnce(ports[this.#turn % ports.length] ?? 0, request);
    this.answers.set(status, this.answered(status) + 1);
    return status === TAKEN;
  }

  #take(): Buffer {
    if (this.#requests.length === 0) {
      const port = this.#options.publicPort;
      this.#requests = signedCallbacks({port, count: BATCH, concurrentCalls: BATCH / 4}).reverse();
    }
    const request = this.#requests.pop();
    if (request === undefined) throw new Error('there is always another callback');
    return request;
  }
}

/** A connection for one request, which any node may have closed or never accepted: the status, or 0. */
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
