/** The listening side of a server: its time limits, its connections, and an end that nobody can hold up. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type {AddressInfo, Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';
import {PipelineQueue} from './pipeline-queue.ts';

/** Receives the HTTP server's `upgrade` event. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Receives the HTTP server's `clientError` event: answers, and ends the connection.
 * @param request the request that was cut short, if its headers had arrived
 */
export type ClientErrorHandler = (
  error: NodeJS.ErrnoException,
  socket: Duplex,
  request: IncomingMessage | undefined,
) => void;

export interface HttpListenerOptions {
  readonly onRequest: RequestListener;
  readonly onUpgrade: UpgradeHandler;
  /** Answers what could not be read as a request, and ends its connection. */
  readonly onClientError: ClientErrorHandler;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sockets at once; beyond, the one that has had nothing to say for longest makes room. @default as many as come */
  readonly maxConnections?: number;
  /** Milliseconds after which one on which nothing moves is cut off, sessions excepted. @default 60000 */
  readonly stalledMs?: number;
  /** Milliseconds a request may take to come. @default 5000 for its headers, 10000 for all of it */
  readonly arrival?: {readonly headersMs: number; readonly requestMs: number};
}

/** 5 s from connect to complete headers, and so to a finished upgrade (W14); a body gets 10 s. */
const ARRIVAL = {headersMs: 5000, requestMs: 10_000};
const TIMEOUT_CHECK_MS = 500;
/** Longer than the 60 s that load balancers keep a connection: the side that reuses it must not be surprised. */
const KEEP_ALIVE_MS = 65_000;
/** Who asks for much and reads none of it would otherwise keep it, and the socket, for ever. */
const STALLED_MS = 60_000;
/** For so long a request that is there as a whole is not interrupted, however many wait for its socket. */
const ANSWER_MS = 15_000;
/** Node's name for a request that did not come to its end in time. */
const TIMEOUT_CODE = 'ERR_HTTP_REQUEST_TIMEOUT';
/** Between two lines in the log that say there are too many. */
const WARN_EVERY_MS = 10_000;

/** What a socket that is no session is at. */
interface Exchange {
  /** The request that came on it, until its answer is over. */
  readonly request?: IncomingMessage;
  /** Monotonic ms. */
  readonly since: number;
}

export class HttpListener {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #server: Server;
  /** Upgraded ones included, which `closeAllConnections` knows nothing of. */
  readonly #sockets = new Set<Socket>();
  /** Those that are no session, the one that has waited longest first. */
  readonly #exchanges = new Map<Socket, Exchange>();
  /** Of each socket, until it is upgraded. */
  readonly #queues = new Map<Duplex, PipelineQueue>();
  readonly #onRequest: RequestListener;
  readonly #onUpgrade: UpgradeHandler;
  readonly #onClientError: ClientErrorHandler;
  readonly #maxConnections: number;
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** Listeners of every socket, which is their `this`: a socket that becomes a session is to hold nothing of its requests. */
  readonly #onResume: (this: Socket) => void;
  readonly #onClose: (this: Socket) => void;

  constructor(options: HttpListenerOptions) {
    const {onRequest, onUpgrade, onClientError, clock, logger} = options;
    this.#clock = clock;
    this.#maxConnections = options.maxConnections ?? Number.POSITIVE_INFINITY;
    this.#logger = logger;
    const {headersMs, requestMs} = options.arrival ?? ARRIVAL;
    this.#server = createServer({
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, headersMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      // An `Upgrade: h2c` of a polite client is a plain request to us.
      shouldUpgradeCallback: ({headers}) => headers.upgrade?.toLowerCase() === 'websocket',
    });
    this.#server.timeout = options.stalledMs ?? STALLED_MS;
    this.#onRequest = onRequest;
    this.#onUpgrade = onUpgrade;
    this.#onClientError = onClientError;
    const queues = this.#queues;
    this.#onResume = function () {
      queues.get(this)?.onResume();
    };
    const forget = (socket: Socket) => this.#forget(socket);
    this.#onClose = function () {
      forget(this);
    };
    this.#server.on('connection', (socket) => this.#remember(socket));
    this.#server.on('request', (request, response) => {
      this.#exchanges.set(request.socket, {request, since: clock.monotonic()});
      this.#queues.get(request.socket)?.take(request, response);
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('clientError', (error, socket) => this.#handleFault(error, socket));
  }

  /** Listens, and resolves with the port. @throws when the port or the address cannot be had */
  listen({host, port}: {readonly host?: string; readonly port: number}): Promise<number> {
    const {promise, resolve, reject} = Promise.withResolvers<number>();
    this.#server.once('error', reject);
    this.#server.listen({port, host}, () => {
      this.#server.off('error', reject);
      // One connection that could not be accepted (no file descriptor left) must not end all the others.
      this.#server.on('error', (error) =>
        this.#logger.error({err: error}, 'a connection could not be accepted'),
      );
      resolve((this.#server.address() as AddressInfo).port);
    });
    return promise;
  }

  /** Lets nobody in any more and finishes what is under way; after `deadlineMs` the rest is cut off. */
  async close(deadlineMs: number): Promise<void> {
    if (!this.#server.listening) return;
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    this.#closeIdleSoon();
    const cancel = this.#clock.after(deadlineMs, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    await promise;
    cancel();
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#server.listening) response.setHeader('Connection', 'close');
    this.#onRequest(request, response);
  }

  #finish(socket: Socket): void {
    if (this.#queues.get(socket)?.isIdle === true) this.#waits(socket);
    if (!this.#server.listening) this.#closeIdleSoon();
  }

  /** A client sees the end of an answer before we do: what looks like an upgrade ahead of it need not be one. */
  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const {socket} = request;
    const queue = this.#queues.get(socket);
    if (queue === undefined || queue.isFull) {
      socket.destroy();
      return;
    }
    queue.endWith(() => {
      this.#queues.delete(socket);
      this.#exchanges.delete(socket);
      this.#onUpgrade(request, stream, head);
    });
  }

  /** What came before it is answered first: an answer out of turn would be taken for theirs. */
  #handleFault(error: NodeJS.ErrnoException, socket: Duplex): void {
    const queue = this.#queues.get(socket);
    const isLate = error.code === TIMEOUT_CODE;
    // Whoever does not speak HTTP is not waited for in the middle of an answer: it may have no end.
    const isOver = !isLate && (error.code === 'ECONNRESET' || this.#isAnswering(socket));
    if (queue === undefined || isOver) this.#answerFault(error, socket, undefined);
    else if (isLate) this.#lookAgain(error, socket, queue);
    else this.#endWithFault(error, socket, queue);
  }

  /**
   * Node looks at the clock before it reads. After a stop (SIGSTOP, a stalled event loop) everything is late, and the rest of
   * the request is there all the same: it is read before it is judged.
   */
  #lookAgain(error: NodeJS.ErrnoException, socket: Duplex, queue: PipelineQueue): void {
    const {taken, incomplete} = queue;
    // Twice, since a turn that began with timers reads in between, and one that began elsewhere does not.
    setImmediate(() =>
      setImmediate(() => {
        const isStillLate = queue.taken === taken && queue.incomplete === incomplete;
        if (isStillLate && this.#queues.has(socket)) this.#endWithFault(error, socket, queue);
      }),
    );
  }

  #endWithFault(error: NodeJS.ErrnoException, socket: Duplex, queue: PipelineQueue): void {
    const {incomplete} = queue;
    queue.endWith(() => this.#answerFault(error, socket, incomplete));
  }

  #answerFault(error: NodeJS.ErrnoException, socket: Duplex, request: IncomingMessage | undefined): void {
    // An answer that has begun cannot be followed by another: it would be read as the rest of the first.
    if (this.#isAnswering(socket)) socket.destroy();
    else this.#onClientError(error, socket, request);
  }

  #isAnswering(socket: Duplex): boolean {
    return this.#queues.get(socket)?.isAnswering === true;
  }

  #remember(socket: Socket): void {
    this.#sockets.add(socket);
    this.#waits(socket);
    const queue = new PipelineQueue({
      socket,
      begin: (request, response) => this.#begin(request, response),
      onOver: () => this.#finish(socket),
    });
    this.#queues.set(socket, queue);
    socket.on('resume', this.#onResume);
    socket.on('close', this.#onClose);
    if (this.#sockets.size > this.#maxConnections) this.#makeRoom(socket);
  }

  #forget(socket: Socket): void {
    this.#queues.delete(socket);
    this.#sockets.delete(socket);
    this.#exchanges.delete(socket);
  }

  /** Nothing whole has come on this socket since now; it goes to the end of the queue. */
  #waits(socket: Socket): void {
    this.#exchanges.delete(socket);
    if (!socket.destroyed) this.#exchanges.set(socket, {since: this.#clock.monotonic()});
  }

  /**
   * There is one socket too many. Twilio sends at once what it has to say; who holds a socket and sends little or nothing,
   * or asks and does not read, is older than that. If nobody is, the newcomer goes: sessions and answers come first.
   */
  #makeRoom(newcomer: Socket): void {
    this.#warnOfCrowd();
    const now = this.#clock.monotonic();
    for (const [socket, {request, since}] of this.#exchanges) {
      const isAnswered = request?.complete === true && now - since < ANSWER_MS;
      if (isAnswered && socket !== newcomer) continue;
      socket.destroy();
      return;
    }
  }

  #warnOfCrowd(): void {
    const now = this.#clock.monotonic();
    if (now - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    const details = {connections: this.#sockets.size, limit: this.#maxConnections};
    this.#logger.warn(details, 'too many connections: those that send nothing are cut off (ulimit -n)');
  }

  /** A connection that is kept alive counts as idle only after the turn of its answer, and `close` would wait for it. */
  #closeIdleSoon(): void {
    setImmediate(() => this.#server.closeIdleConnections());
  }
}
