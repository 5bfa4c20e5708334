/**
 * What came on one connection, in the order in which it came. HTTP/1.1 lets a client send requests ahead of the answers to earlier
 * ones (RFC 9112, section 9.3.2), and what is read at once holds hundreds: were they all begun in one turn, nobody else would
 * be heard in it. So few are under way at a time, the others wait, and no more is read meanwhile.
 */
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {Socket} from 'node:net';

/** Requests of one connection that are under way at once. */
export const MAX_UNDER_WAY = 16;

/**
 * Beyond so many that wait the connection is cut off. Nothing is read while one waits, but a single read of 64 KiB holds
 * thousands of the smallest requests, of which each takes a hundred times as much here.
 */
export const MAX_WAITING = 1000;

interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface PipelineQueueOptions {
  readonly socket: Socket;
  /** Called for each request when it is its turn. */
  readonly begin: (request: IncomingMessage, response: ServerResponse) => void;
  /** Called when the answer to a request is over, or its connection. */
  readonly onOver: () => void;
}

export class PipelineQueue {
  readonly #socket: Socket;
  readonly #begin: PipelineQueueOptions['begin'];
  readonly #onOver: PipelineQueueOptions['onOver'];
  readonly #waiting: Turn[] = [];
  readonly #underWay = new Map<IncomingMessage, ServerResponse>();
  /** The one that came last, whether it is over or not. */
  #last: IncomingMessage | undefined;
  /** What comes after all answers, and nothing after it. */
  #end: (() => void) | undefined;
  #taken = 0;
  #proceeding = false;

  constructor({socket, begin, onOver}: PipelineQueueOptions) {
    this.#socket = socket;
    this.#begin = begin;
    this.#onOver = onOver;
  }

  /** How many requests there were: whoever looks twice knows whether another one came between. */
  get taken(): number {
    return this.#taken;
  }

  /** The request of which not all has come yet. */
  get incomplete(): IncomingMessage | undefined {
    return this.#last?.complete === false ? this.#last : undefined;
  }

  /** Nothing is under way, and nothing waits. */
  get isIdle(): boolean {
    return this.#underWay.size === 0 && this.#waiting.length === 0;
  }

  /** An answer has begun and is not over: nothing else may be said meanwhile. One that waits for its turn has no socket. */
  get isAnswering(): boolean {
    for (const {socket, headersSent} of this.#underWay.values())
      if (socket !== null && headersSent) return true;
    return false;
  }

  /** Others wait for their turn, and nothing is read. */
  get isFull(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes a request that came: it is begun now, or when others are over. */
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
   * Calls `end` once all that came as a whole is answered, and begins nothing that comes later. What is incomplete then
   * stays so: it is left to `end` to answer it.
   */
  endWith(end: () => void): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (this.#waiting.at(-1)?.request.complete === false) this.#waiting.pop();
    this.#endIfOver();
  }

  /** A request that has been read to its end starts the reading again; as long as others wait, that is too early. */
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

  /** In another turn: answers that are made at once would otherwise follow each other in this one, to the last. */
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
