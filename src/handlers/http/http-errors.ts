/**
 * Errors of the HTTP API: each error becomes an AppError, and an AppError becomes application/problem+json
 * (H6).
 */
import type {ServerResponse} from 'node:http';
import type {ErrorRequestHandler, RequestHandler} from 'express';
import type {Logger} from 'pino';
import {AppError, errorTypes, toAppError} from '../../errors/app-error.ts';

/** RFC 9457, with additional members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly timestamp: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly requestId?: string;
}

/**
 * A URN instead of a URL, because no domain belongs to the project. The reference of errors explains the
 * codes.
 */
const TYPE_BASE = 'urn:hookswitch:error:';

export function toProblem(error: AppError, requestId?: string): Problem {
  return {
    type: TYPE_BASE + error.code,
    title: errorTypes[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    timestamp: error.timestamp,
    context: error.context,
    requestId,
  };
}

export const notFoundHandler: RequestHandler = (request) => {
  throw new AppError('not_found', `There is no ${request.method} ${request.path}.`, {
    context: {method: request.method, path: request.path},
  });
};

/** The last handler: sends the response and chooses the log level. Only this handler logs HTTP errors. */
export function createErrorHandler(logger: Logger): ErrorRequestHandler {
  return (thrown, _request, response, next) => {
    const error = toKnownError(thrown);
    const requestId: string | undefined = response.locals['requestId'];
    logError(logger, error, requestId);
    if (response.headersSent) next(thrown);
    else sendProblem(response, error, requestId);
  };
}

/** Sends the error as a response (H6). */
export function sendProblem(response: ServerResponse, error: AppError, requestId: string | undefined): void {
  if (error.retryAfterS !== undefined) response.setHeader('Retry-After', error.retryAfterS);
  // RFC 9110, section 15.5.22: a 426 names the required protocol.
  if (error.status === 426) response.setHeader('Upgrade', 'websocket');
  if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="hookswitch"');
  // A load balancer sends a new connection to a node that is ready. A kept connection would stay with this
  // node.
  if (error.code === 'journal_unavailable') response.setHeader('Connection', 'close');
  const body = JSON.stringify(toProblem(error, requestId));
  response
    .writeHead(error.status, {
      'Content-Type': 'application/problem+json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
    })
    .end(body);
}

/** Converts anything that a handler or a library threw. */
export function toKnownError(thrown: unknown): AppError {
  return fromBodyParser(thrown) ?? fromRouter(thrown) ?? toAppError(thrown);
}

/** The log level shows who has to act: we, the operator or the client. */
export function logError(logger: Logger, error: AppError, requestId: string | undefined): void {
  const details = {requestId, code: error.code, context: error.context};
  if (error.code === 'internal') logger.error({...details, err: error.cause ?? error}, 'unexpected error');
  else if (error.status >= 500) logger.warn({...details, err: error.cause}, error.message);
  else logger.debug(details, error.message);
}

/** Converts errors of Express's body parser, which names its errors by `type`. */
function fromBodyParser(error: unknown): AppError | undefined {
  const {type, status, limit} = (error ?? {}) as {type?: unknown; status?: unknown; limit?: unknown};
  if (typeof type !== 'string' || typeof status !== 'number' || status >= 500) return undefined;
  switch (type) {
    case 'entity.too.large':
      return new AppError('payload_too_large', `The body is larger than ${String(limit)} bytes.`, {
        context: {limit},
        cause: error,
      });
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new AppError('unsupported_media_type', 'The body must be plain: no Content-Encoding, UTF-8.', {
        cause: error,
      });
    case 'entity.parse.failed':
      return new AppError('invalid_request', 'The body is not JSON.', {
        context: {reason: type},
        cause: error,
      });
    default:
      return new AppError('invalid_request', 'The body could not be read.', {
        context: {reason: type},
        cause: error,
      });
  }
}

/** A path with invalid percent encoding. The router throws before it tries any route. */
function fromRouter(error: unknown): AppError | undefined {
  if (!(error instanceof URIError)) return undefined;
  return new AppError('invalid_request', 'The path is not valid: it cannot be decoded.', {
    context: {field: 'path'},
    cause: error,
  });
}
