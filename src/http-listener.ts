/** The listening side of a server: its time limits, its connections, and an end that nobody can hold up. */
import {createServer, type RequestListener, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo, Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import type {Logger} from 'pino';
import type {Clock} from './clock.ts';
import type {ClientErrorHandler} from './handlers/socket-answers.ts';
import type {UpgradeHandler} from './handlers/upgrade-handler.ts';

export interface HttpListenerOptions {
  readonly onRequest: RequestListener;
  readonly onUpgrade: UpgradeHandler;
  /** Answers what could not be read as a request, and ends its connection. */
  readonly onClientError: ClientErrorHandler;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** 5 s from connect to complete headers, and so to a finished upgrade (W14); a body gets 10 s. */
const HEADERS_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 500;
/** Longer than the 60 s that load balancers keep a connection: the side that reuses it must not be surprised. */
const KEEP_ALIVE_MS = 65_000;

export class HttpListener {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #server: Server;
  /** Upgraded ones included, which `closeAllConnections` knows nothing of. */
  readonly #sockets = new Set<Socket>();
  /** Answers under way. */
  readonly #responses = new Set<ServerResponse>();

  constructor({onRequest, onUpgrade, onClientError, clock, logger}: HttpListenerOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#server = createServer({
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      // An `Upgrade: h2c` of a polite client is a plain request to us.
      shouldUpgradeCallback: ({headers}) => headers.upgrade?.toLowerCase() === 'websocket',
    });
    this.#server.on('connection', (socket) => this.#remember(socket));
    this.#server.on('request', (_request, response) => {
      if (!this.#server.listening) response.setHeader('Connection', 'close');
      this.#responses.add(response);
      response.once('close', () => {
        this.#responses.delete(response);
        // A connection that is kept alive is idle after its answer, and `close` would wait for it.
        setImmediate(() => this.#closeIdle());
      });
    });
    this.#server.on('request', onRequest);
    this.#server.on('upgrade', onUpgrade);
    this.#server.on('clientError', (error, socket) => {
      // An answer that has begun cannot be followed by another: it would be read as the rest of the first.
      if (this.#isAnswering(socket)) socket.destroy();
      else onClientError(error, socket);
    });
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
    const cancel = this.#clock.after(deadlineMs, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    await promise;
    cancel();
  }

  #isAnswering(socket: Duplex): boolean {
    for (const response of this.#responses)
      if (response.socket === socket && response.headersSent) return true;
    return false;
  }

  #remember(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #closeIdle(): void {
    if (!this.#server.listening) this.#server.closeIdleConnections();
  }
}
