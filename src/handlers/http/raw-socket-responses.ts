/**
 * Responses on sockets without a response object: upgrades that are refused and requests that cannot be read.
 * They are problem documents like all other errors (H6), and they close their connection.
 */
import {randomUUID} from 'node:crypto';
import {type IncomingMessage, STATUS_CODES} from 'node:http';
import type {Duplex} from 'node:stream';
import type {Logger} from 'pino';
import {AppError} from '../../errors/app-error.ts';
import type {ClientErrorHandler} from '../../transport/http-listener.ts';
import {logError, toProblem} from './http-errors.ts';

type Headers = Readonly<Record<string, string>>;

/** Logs the error, sends it if the socket is still writable, and closes the connection. */
export function answerOnSocket(socket: Duplex, error: AppError, logger: Logger, headers: Headers = {}): void {
  const requestId = randomUUID();
  logError(logger, error, requestId);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(toProblem(error, requestId));
  const all: Headers = {
    Connection: 'close',
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': requestId,
    ...(error.retryAfterS === undefined ? {} : {'Retry-After': String(error.retryAfterS)}),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}\r\n`;
  socket.end(`${status}${lines.join('')}\r\n${body}`, () => socket.destroy());
}

/**
 * Handles the HTTP server's `clientError`: input that is not HTTP, or a request that was not complete in
 * time.
 */
export function createClientErrorHandler(logger: Logger): ClientErrorHandler {
  return (error, socket, request) => {
    // The client has disconnected: nobody reads a response, and it is not an error.
    if (error.code === 'ECONNRESET') socket.destroy();
    else answerOnSocket(socket, unreadable(error, request), logger);
  };
}

/** Our messages for the errors of Node's parser and its timer. All other input is not HTTP. */
const unreadables: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request was not complete in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are larger than 16 KiB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The extensions of a chunk are too large.'],
};

function unreadable({code = ''}: NodeJS.ErrnoException, request: IncomingMessage | undefined): AppError {
  const [usual, message] = unreadables[code] ?? [400, 'The request is not HTTP/1.1.'];
  // Twilio retries a webhook after a 5xx, but not after a 4xx. An incomplete webhook must not be lost.
  const isWebhook = request?.headers['x-twilio-signature'] !== undefined;
  const status = usual === 408 && isWebhook ? 503 : usual;
  return new AppError('invalid_request', message, {status, context: {reason: code}});
}

/** Answers an invalid upgrade with the message of `ws`. Handles the WebSocket server's `wsClientError`. */
export function answerWrongUpgrade(
  fault: Error,
  socket: Duplex,
  {method = ''}: IncomingMessage,
  logger: Logger,
): void {
  if (method !== 'GET') {
    const error = new AppError('method_not_allowed', 'A WebSocket is opened with GET.', {context: {method}});
    answerOnSocket(socket, error, logger, {Allow: 'GET'});
    return;
  }
  // RFC 6455, section 4.4: a client with another version gets the list of supported versions.
  const isVersion = fault.message.includes('Sec-WebSocket-Version');
  const headers: Headers = isVersion ? {'Sec-WebSocket-Version': '13, 8'} : {};
  answerOnSocket(socket, new AppError('invalid_request', `${fault.message}.`), logger, headers);
}
