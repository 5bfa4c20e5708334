/**
 * The main thread's side of a worker: numbered requests, sent together once per turn of the event loop, and answers.
 * A worker that ends on its own fails what it was asked, and is started again after a pause; nothing it does can end
 * the process.
 */
import {Worker} from 'node:worker_threads';
import type {CancelTimer, Clock} from '../../clock.ts';
import {JournalUnavailableError} from '../../errors/app-error.ts';
import {toError} from './failures.ts';
import type {JournalBounds, Numbered, WorkerReply, WorkerSettings} from './worker-messages.ts';

export interface WorkerClientOptions<Request> {
  readonly url: URL;
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  /** Requests without an answer at which further ones are refused. */
  readonly maxPending: number;
  /** What a worker is told first when it was started again. */
  readonly greeting?: () => Request;
  /** After the answers of one reply were handed out; the promises' continuations have not run yet. */
  readonly onReply?: (bounds: JournalBounds) => void;
  readonly onFault: (fault: Error) => void;
}

interface Pending {
  readonly settle: (json: string | undefined) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Messages on their way: the one that is being worked on and the one that waits. What comes meanwhile goes with the next
 * one. A message costs both threads several times what a request in it does.
 */
const MAX_MESSAGES = 2;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;

export class WorkerClient<Request extends {readonly kind: string}> {
  readonly #options: WorkerClientOptions<Request>;
  readonly #pending = new Map<number, Pending>();
  #outbox: Numbered<Request>[] = [];
  /** Messages that were sent since the worker last had nothing to do, less those that were answered. */
  #messages = 0;
  #worker: Worker | undefined;
  #nextId = 1;
  #pauseMs = FIRST_PAUSE_MS;
  #cancelRestart: CancelTimer | undefined;
  #stopped = false;
  /** What the worker last died of. */
  #lastError: Error | undefined;

  constructor(options: WorkerClientOptions<Request>) {
    this.#options = options;
  }

  start(): void {
    const {url, settings, onFault} = this.#options;
    const worker = new Worker(url, {workerData: settings});
    this.#worker = worker;
    worker.unref();
    worker.on('message', (reply: WorkerReply) => this.#take(reply));
    worker.on('messageerror', onFault);
    worker.on('error', (error) => {
      this.#lastError = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', () => this.#gone(worker));
  }

  /** Asks, and resolves with what `parse` makes of the answer. */
  ask<Result>(request: Request, parse: (json: string | undefined) => Result): Promise<Result> {
    const {promise, resolve, reject} = Promise.withResolvers<Result>();
    if (this.#worker === undefined) {
      reject(new JournalUnavailableError('The journal is being restarted.'));
    } else if (this.#pending.size >= this.#options.maxPending) {
      reject(new JournalUnavailableError('Too much is waiting for the journal.'));
    } else {
      this.#send(request, {
        settle(json) {
          try {
            resolve(parse(json));
          } catch (error) {
            // A row that was damaged on the disk. Thrown in the worker's listener it would end the process.
            reject(new Error('The journal gave an answer that cannot be read.', {cause: error}));
          }
        },
        reject,
      });
    }
    return promise;
  }

  /** Ends the worker. What it was asked before has been answered, if `close` was asked last. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRestart?.();
    await this.#worker?.terminate();
  }

  #send(request: Request, pending: Pending): void {
    const id = this.#nextId;
    this.#nextId += 1;
    // While an answer is due the worker keeps the process alive: nobody should exit in the middle of an append.
    if (this.#pending.size === 0) this.#worker?.ref();
    this.#pending.set(id, pending);
    this.#outbox.push({id, request});
    if (this.#outbox.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const batch = this.#outbox;
    if (batch.length === 0 || this.#messages >= MAX_MESSAGES) return;
    this.#outbox = [];
    this.#messages += 1;
    this.#worker?.postMessage(batch);
  }

  #take({outcomes, bounds}: WorkerReply): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    for (const {id, outcome} of outcomes) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (outcome.ok) pending?.settle(outcome.json);
      else pending?.reject(toError(outcome.failure));
    }
    if (this.#pending.size === 0) this.#worker?.unref();
    // One answer can be to both messages: only when nothing is asked any more is the count certain.
    const isIdle = this.#pending.size === this.#outbox.length;
    this.#messages = isIdle ? 0 : Math.max(0, this.#messages - 1);
    this.#flush();
    if (bounds !== undefined) this.#options.onReply?.(bounds);
  }

  #gone(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#outbox = [];
    this.#messages = 0;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    const options = this.#lastError === undefined ? {} : {cause: this.#lastError};
    this.#lastError = undefined;
    const error = new JournalUnavailableError('The journal stopped; it is being restarted.', options);
    for (const {reject} of pending) reject(error);
    if (this.#stopped) return;
    this.#options.onFault(new Error('a worker thread of the journal ended', options));
    this.#cancelRestart = this.#options.clock.after(this.#pauseMs, () => this.#restart());
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #restart(): void {
    this.start();
    const greeting = this.#options.greeting?.();
    if (greeting === undefined) return;
    this.#send(greeting, {settle: () => {}, reject: this.#options.onFault});
  }
}
