/** The context of every HTTP request: an id, a log line and, if a route requires it, a principal. */
import {randomUUID} from 'node:crypto';
import type {ServerResponse} from 'node:http';
import type {Request, RequestHandler, Response} from 'express';
import type {Logger} from 'pino';
import type {Authenticator, Principal} from '../../auth/authenticator.ts';
import type {Clock} from '../../clock.ts';
import {AppError} from '../../errors/app-error.ts';
import {withoutMapping} from '../../network/ip-address.ts';

/**
 * Gives the request its id and logs its outcome. Logs the path without the query, because a query can hold a
 * reference.
 */
export function createRequestLogger(logger: Logger, clock: Clock): RequestHandler {
  return ({method, path}, response, next) => {
    response.locals['requestId'] = beginRequest(response, {logger, clock, method, path});
    next();
  };
}

export interface RequestBeginning {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
}

/** Creates the request id, which the response contains, and logs the outcome with it. */
export function beginRequest(
  response: ServerResponse,
  {logger, clock, method, path}: RequestBeginning,
): string {
  const requestId = randomUUID();
  response.setHeader('X-Request-Id', requestId);
  // The listener would cost more than the rest of this function, so it is added only if the line is logged.
  if (logger.isLevelEnabled('debug')) {
    const startedAt = clock.monotonic();
    response.on('close', () => {
      const ms = Math.round((clock.monotonic() - startedAt) * 10) / 10;
      const outcome = response.writableFinished ? 'request answered' : 'request aborted';
      logger.debug({requestId, method, path, status: response.statusCode, ms}, outcome);
    });
  }
  return requestId;
}

/** Accepts only requests with a valid bearer token (A1, A3). */
export function createAuthentication(authenticator: Authenticator): RequestHandler {
  return async (request, response, next) => {
    const token = bearerToken(request.headers.authorization);
    const principal = token === undefined ? undefined : await authenticator.verify(token);
    if (principal === undefined) {
      throw new AppError('unauthorized', 'Send a valid token as `Authorization: Bearer <token>`.');
    }
    response.locals['principal'] = principal;
    next();
  };
}

/** The principal of a request that passed {@link createAuthentication}. */
export function principalOf(response: Response): Principal {
  const principal: Principal | undefined = response.locals['principal'];
  if (principal === undefined) throw new Error('this route is not behind the authentication');
  return principal;
}

/** The token of an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1];
}

/** Headers that proxies, load balancers and tunnels add to a forwarded request. */
const FORWARDING_HEADER =
  /^(?:forwarded|via|cdn-loop|x-(?:forwarded|original|envoy|amzn|appengine|azure|arr|nf|vercel|ngrok|render|railway|proxy)-?.*|x-real-ip|x-client-ip|x-cluster-client-ip|x-request-start|(?:true-|fastly-|fly-|do-|ali-)?(?:client|connecting)-ip|(?:cf|fly|cloudfront|ngrok)-.*)$/;

/**
 * Whether the request was made on this machine, by hand or by a local collector. A proxy or a tunnel such as
 * ngrok also connects from loopback, on behalf of anybody. It is recognized by the Host header, by any
 * forwarding header, or by HTTP/1.0, which nginx uses by default. TRUSTED_PROXIES has no effect here, because
 * a header never grants access.
 */
export function isFromLoopback({headers, socket, httpVersionMajor, httpVersionMinor}: Request): boolean {
  const address = withoutMapping(socket.remoteAddress ?? '');
  const local = address === '::1' || address.startsWith('127.');
  const forwarded = Object.keys(headers).some((name) => FORWARDING_HEADER.test(name));
  const old = httpVersionMajor === 1 && httpVersionMinor === 0;
  return (
    local && !forwarded && !old && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(headers.host ?? '')
  );
}
