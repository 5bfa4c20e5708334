/** The HTTP server: its time limits, its connection limit, and a shutdown that no client can delay. */
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
 * Receives the HTTP server's `clientError` event, answers it and closes the connection.
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
  /** Answers bytes that are not a readable request, and closes their connection. */
  readonly onClientError: ClientErrorHandler;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Maximum number of sockets. Above it, the socket that has been quiet for longest is closed. @default
   * unlimited
   */
  readonly maxConnections?: number;
  /** Milliseconds after which a socket without traffic is closed. Sessions are exempt. @default 60000 */
  readonly stalledMs?: number;
  /** Maximum time to receive a request. @default 5000 ms for its headers, 10000 ms for all of it */
  readonly arrival?: {readonly headersMs: number; readonly requestMs: number};
}

/** 5 s from connect to complete headers, and so to a finished upgrade (W14); a body gets 10 s. */
const ARRIVAL = {headersMs: 5000, requestMs: 10_000};
const TIMEOUT_CHECK_MS = 500;
/**
 * Longer than the 60 s that load balancers keep a connection, so that the balancer never reuses a closed one.
 */
const KEEP_ALIVE_MS = 65_000;
/**
 * Closes clients that request much and read nothing. They would otherwise hold the response and the socket
 * forever.
 */
const STALLED_MS = 60_000;
/** How long a complete request is protected from being closed for lack of connections. */
const ANSWER_MS = 15_000;
/** Node's error code for a request that was not complete in time. */
const TIMEOUT_CODE = 'ERR_HTTP_REQUEST_TIMEOUT';
/** Interval of the warning about too many connections. */
const WARN_EVERY_MS = 10_000;

/** The state of a socket that is not a session. */
interface Exchange {
  /** The current request, until its response has ended. */
  readonly request?: IncomingMessage;
  /** Monotonic ms. */
  readonly since: number;
}

export class HttpListener {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #server: Server;
  /** Includes upgraded sockets, which `closeAllConnections` does not know. */
  readonly #sockets = new Set<Socket>();
  /** Sockets that are not sessions. The one that has waited longest comes first. */
  readonly #exchanges = new Map<Socket, Exchange>();
  /** One queue for each socket until the socket is upgraded. */
  readonly #queues = new Map<Duplex, PipelineQueue>();
  readonly #onRequest: RequestListener;
  readonly #onUpgrade: UpgradeHandler;
  readonly #onClientError: ClientErrorHandler;
  readonly #maxConnections: number;
  #warnedAt = Number.NEGATIVE_INFINITY;
  /**
   * Shared listeners whose `this` is the socket, so that a session's socket keeps no reference to its
   * requests.
   */
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
      // Some HTTP clients offer `Upgrade: h2c`. Their request is a plain request to us.
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

  /** Listens and resolves with the port. @throws if the port or the address is not available */
  listen({host, port}: {readonly host?: string; readonly port: number}): Promise<number> {
    const {promise, resolve, reject} = Promise.withResolvers<number>();
    this.#server.once('error', reject);
    this.#server.listen({port, host}, () => {
      this.#server.off('error', reject);
      // A connection that cannot be accepted (no file descriptor left) must not end all the others.
      this.#server.on('error', (error) =>
        this.#logger.error({err: error}, 'a connection could not be accepted'),
      );
      resolve((this.#server.address() as AddressInfo).port);
    });
    return promise;
  }

  /**
   * Stops accepting connections and finishes requests in progress. After `deadlineMs` it destroys all
   * sockets.
   */
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

  /**
   * Hands the socket over once the earlier responses have ended. A client sees the end of a response before
   * we do, so an upgrade that seems to be pipelined need not be.
   */
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

  /** Answers the earlier requests first, because the client would take a response out of turn for theirs. */
  #handleFault(error: NodeJS.ErrnoException, socket: Duplex): void {
    const queue = this.#queues.get(socket);
    const isLate = error.code === TIMEOUT_CODE;
    // A client that does not speak HTTP does not get the rest of its response, because that response may
    // never end.
    const isOver = !isLate && (error.code === 'ECONNRESET' || this.#isAnswering(socket));
    if (queue === undefined || isOver) this.#answerFault(error, socket, undefined);
    else if (isLate) this.#lookAgain(error, socket, queue);
    else this.#endWithFault(error, socket, queue);
  }

  /**
   * Node checks its timers before it reads. After a pause (SIGSTOP, a stalled event loop) every request is
   * late, although its rest may already have arrived. So the socket is read once more before the request
   * counts as late.
   */
  #lookAgain(error: NodeJS.ErrnoException, socket: Duplex, queue: PipelineQueue): void {
    const {taken, incomplete} = queue;
    // Two turns, because a turn that began with timers reads before the next one, and other turns do not.
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
    // A response that has begun cannot be followed by another: the client would read it as the rest of the
    // first.
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

  /** The socket has no complete request now, so it moves to the end of the list. */
  #waits(socket: Socket): void {
    this.#exchanges.delete(socket);
    if (!socket.destroyed) this.#exchanges.set(socket, {since: this.#clock.monotonic()});
  }

  /**
   * Closes one socket because there is one too many. Twilio sends its request at once, so the longest waiting
   * sockets are clients that send or read little. If there is no such socket, the new socket is closed,
   * because sessions and responses take precedence.
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
    this.#logger.warn(details, 'too many connections: closing those that send nothing (ulimit -n)');
  }

  /**
   * A keep-alive connection counts as idle only in the turn after its response. Until then, `close` would
   * wait for it.
   */
  #closeIdleSoon(): void {
    setImmediate(() => this.#server.closeIdleConnections());
  }
}
