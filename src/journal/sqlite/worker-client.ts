/**
 * The main thread's side of a worker. It sends numbered requests, batched per turn of the event loop, and
 * receives the answers. If the worker ends unexpectedly, its requests fail and it restarts after a pause. A
 * failure of the worker never ends the process.
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
  /** Maximum number of unanswered requests. Further requests are refused. */
  readonly maxPending: number;
  /** The first request to a worker that was restarted. */
  readonly firstRequest?: () => Request;
  /** Runs after the answers of one reply have settled. The promises' continuations have not run yet. */
  readonly onReply?: (bounds: JournalBounds) => void;
  readonly onFault: (fault: Error) => void;
}

interface Pending {
  readonly settle: (json: string | undefined) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Maximum number of unanswered messages: one in progress and one waiting. Further requests wait for the next
 * message, because a message costs both threads several times as much as a request in it.
 */
const MAX_MESSAGES = 2;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;

export class WorkerClient<Request extends {readonly kind: string}> {
  readonly #options: WorkerClientOptions<Request>;
  readonly #pending = new Map<number, Pending>();
  #outbox: Numbered<Request>[] = [];
  /** Unanswered messages since the worker was last idle. */
  #messages = 0;
  #worker: Worker | undefined;
  #nextId = 1;
  #pauseMs = FIRST_PAUSE_MS;
  #cancelRestart: CancelTimer | undefined;
  #stopped = false;
  /** The error that ended the last worker. */
  #lastError: Error | undefined;

  constructor(options: WorkerClientOptions<Request>) {
    this.#options = options;
  }

  start(): void {
    const {url, settings, onFault} = this.#options;
    const worker = new Worker(url, {workerData: settings});
    this.#worker = worker;
    worker.unref();
    worker.on('message', (reply: WorkerReply) => this.#handleReply(reply));
    worker.on('messageerror', onFault);
    worker.on('error', (error) => {
      this.#lastError = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', () => this.#handleExit(worker));
  }

  /** Sends a request and resolves with the parsed answer. */
  request<Result>(request: Request, parse: (json: string | undefined) => Result): Promise<Result> {
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
            // The row is damaged on disk. An error thrown in the worker's listener would end the process.
            reject(new Error('The journal returned an unreadable answer.', {cause: error}));
          }
        },
        reject,
      });
    }
    return promise;
  }

  /** Ends the worker. Earlier requests have been answered if `close` was the last request. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRestart?.();
    await this.#worker?.terminate();
  }

  #send(request: Request, pending: Pending): void {
    const id = this.#nextId;
    this.#nextId += 1;
    // The worker keeps the process alive while an answer is due, so that no exit interrupts an append.
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

  #handleReply({outcomes, bounds}: WorkerReply): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    for (const {id, outcome} of outcomes) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (outcome.ok) pending?.settle(outcome.json);
      else pending?.reject(toError(outcome.failure));
    }
    if (this.#pending.size === 0) this.#worker?.unref();
    // One reply can answer both messages, so the count is only certain once no request is left.
    const isIdle = this.#pending.size === this.#outbox.length;
    this.#messages = isIdle ? 0 : Math.max(0, this.#messages - 1);
    this.#flush();
    if (bounds !== undefined) this.#options.onReply?.(bounds);
  }

  #handleExit(worker: Worker): void {
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
    const firstRequest = this.#options.firstRequest?.();
    if (firstRequest === undefined) return;
    this.#send(firstRequest, {settle: () => {}, reject: this.#options.onFault});
  }
}
