/**
 * The requests of one connection, in order. HTTP/1.1 lets a client send requests ahead of the responses to
 * earlier ones (RFC 9112, section 9.3.2), and a single read can hold hundreds. Starting all of them in one
 * turn would block every other client. So only a few run at a time, the others wait, and reading stops in the
 * meantime.
 */
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {Socket} from 'node:net';

/** Requests of one connection that run at the same time. */
export const MAX_UNDER_WAY = 16;

/**
 * Waiting requests above which the connection is closed. Reading stops while a request waits, but a single
 * read of 64 KiB holds thousands of the smallest requests, and each takes a hundred times its size in memory.
 */
export const MAX_WAITING = 1000;

interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface PipelineQueueOptions {
  readonly socket: Socket;
  /** Called for each request when it may start. */
  readonly begin: (request: IncomingMessage, response: ServerResponse) => void;
  /** Called when the response to a request has ended, or its connection has closed. */
  readonly onOver: () => void;
}

export class PipelineQueue {
  readonly #socket: Socket;
  readonly #begin: PipelineQueueOptions['begin'];
  readonly #onOver: PipelineQueueOptions['onOver'];
  readonly #waiting: Turn[] = [];
  readonly #underWay = new Map<IncomingMessage, ServerResponse>();
  /** The latest request, whether or not it is still running. */
  #last: IncomingMessage | undefined;
  /** Runs after all responses. No request starts after it. */
  #end: (() => void) | undefined;
  #taken = 0;
  #proceeding = false;

  constructor({socket, begin, onOver}: PipelineQueueOptions) {
    this.#socket = socket;
    this.#begin = begin;
    this.#onOver = onOver;
  }

  /** Number of requests so far. Comparing two values shows whether another request arrived in between. */
  get taken(): number {
    return this.#taken;
  }

  /** The latest request if it has not been read completely. */
  get incomplete(): IncomingMessage | undefined {
    return this.#last?.complete === false ? this.#last : undefined;
  }

  /** No request runs or waits. */
  get isIdle(): boolean {
    return this.#underWay.size === 0 && this.#waiting.length === 0;
  }

  /**
   * A response has begun and has not ended, so nothing else may be written. A response that waits for its
   * turn has no socket.
   */
  get isAnswering(): boolean {
    for (const {socket, headersSent} of this.#underWay.values())
      if (socket !== null && headersSent) return true;
    return false;
  }

  /** Requests wait for their turn, and reading has stopped. */
  get isFull(): boolean {
    return this.#waiting.length > 0;
  }

  /** Accepts a request. It starts now, or when others have ended. */
  take(request: IncomingMessage, response: ServerResponse): void {
    if (this.#end !== undefined) return;
    this.#last = request;
    this.#taken += 1;
    if (this.#underWay.size < MAX_UNDER_WAY && this.#waiting.length === 0) {
      this.#start({request, response});
      return;
    }
    this.#waiting.push({request, response});
    if (this.#waiting.length > MAX_WAITING) this.#socket.destroy();
    else this.#socket.pause();
  }

  /**
   * Calls `end` once all complete requests have been answered, and starts no later request. An incomplete
   * request stays incomplete, and `end` has to answer it.
   */
  endWith(end: () => void): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (this.#waiting.at(-1)?.request.complete === false) this.#waiting.pop();
    this.#endIfOver();
  }

  /**
   * Node resumes reading after each request it has read to its end. That is too early while other requests
   * wait.
   */
  onResume(): void {
    if (this.#waiting.length > 0) this.#socket.pause();
  }

  #start({request, response}: Turn): void {
    this.#underWay.set(request, response);
    response.once('close', () => {
      this.#underWay.delete(request);
      this.#onOver();
      if (this.#waiting.length === 0) this.#endIfOver();
      else this.#proceedSoon();
    });
    this.#begin(request, response);
  }

  /**
   * Continues in another turn. Otherwise requests that are answered synchronously would all run in this turn.
   */
  #proceedSoon(): void {
    if (this.#proceeding) return;
    this.#proceeding = true;
    setImmediate(() => {
      this.#proceeding = false;
      this.#proceed();
    });
  }

  #proceed(): void {
    while (this.#underWay.size < MAX_UNDER_WAY && !this.#socket.destroyed) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#start(next);
    }
    if (this.#waiting.length > 0 || this.#socket.destroyed) return;
    if (this.#end === undefined) this.#socket.resume();
    else this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.#end === undefined || this.#waiting.length > 0) return;
    for (const request of this.#underWay.keys()) if (request.complete) return;
    const end = this.#end;
    this.#end = () => {};
    end();
  }
}
