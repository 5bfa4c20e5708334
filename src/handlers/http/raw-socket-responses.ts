/**
 * Answers on sockets that have no response object: upgrades that are refused, and requests that cannot be read. They
 * are problems like all others (H6), and end their connection.
 */
import {randomUUID} from 'node:crypto';
import {type IncomingMessage, STATUS_CODES} from 'node:http';
import type {Duplex} from 'node:stream';
import type {Logger} from 'pino';
import {AppError} from '../../errors/app-error.ts';
import type {ClientErrorHandler} from '../../transport/http-listener.ts';
import {logError, toProblem} from './http-errors.ts';

type Headers = Readonly<Record<string, string>>;

/** Logs the error, answers with it where that is still possible, and ends the connection. */
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

/** Handles the HTTP server's `clientError`: what came was no HTTP, or did not come to its end. */
export function createClientErrorHandler(logger: Logger): ClientErrorHandler {
  return (error, socket, request) => {
    // Whoever hung up hears no answer, and was no fault of anybody's.
    if (error.code === 'ECONNRESET') socket.destroy();
    else answerOnSocket(socket, unreadable(error, request), logger);
  };
}

/** What Node's parser and its timer say, in our words; all else is no HTTP. */
const unreadables: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come to its end in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are larger than 16 KiB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The extensions of a chunk are too large.'],
};

function unreadable({code = ''}: NodeJS.ErrnoException, request: IncomingMessage | undefined): AppError {
  const [usual, message] = unreadables[code] ?? [400, 'The request is not HTTP/1.1.'];
  // Twilio sends a webhook again after a 5xx, and after no 4xx: what it could not bring to its end is not to be lost.
  const isWebhook = request?.headers['x-twilio-signature'] !== undefined;
  const status = usual === 408 && isWebhook ? 503 : usual;
  return new AppError('invalid_request', message, {status, context: {reason: code}});
}

/** Answers an upgrade that `ws` finds wrong, in whose words; it handles the WebSocket server's `wsClientError`. */
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
  // RFC 6455, section 4.4: who speaks another version is told which there are.
  const isVersion = fault.message.includes('Sec-WebSocket-Version');
  const headers: Headers = isVersion ? {'Sec-WebSocket-Version': '13, 8'} : {};
  answerOnSocket(socket, new AppError('invalid_request', `${fault.message}.`), logger, headers);
}
