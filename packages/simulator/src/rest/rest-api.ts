import {API_VERSION} from '../calls/call-parameters.ts';
import type {ApiOperation, FaultPlan} from '../faults/faults.ts';
import {ApiError, notFound} from './api-error.ts';
import type {ApiReply} from './api-reply.ts';
import {type Authenticator, unauthorized} from './authentication.ts';
import {type ApiRequest, type Route, type RouteMatch, RouteTable} from './routes.ts';

export interface RestApiOptions {
  readonly authenticator: Authenticator;
  readonly routes: readonly Route[];
  readonly faults: FaultPlan;
}

/** A request with the `hang` fault never gets a response. */
export type ApiResult = ApiReply | 'hang';

/** The simulated part of api.twilio.com: credentials, faults and routing. */
export class RestApi {
  readonly #authenticator: Authenticator;
  readonly #routes: RouteTable;
  readonly #faults: FaultPlan;

  constructor({authenticator, routes, faults}: RestApiOptions) {
    this.#authenticator = authenticator;
    this.#routes = new RouteTable(routes);
    this.#faults = faults;
  }

  /** Handles a request. Errors are responses, too. */
  async handle(request: ApiRequest): Promise<ApiResult> {
    try {
      return await this.#handle(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const headers = error.status === 401 ? {'WWW-Authenticate': 'Basic realm="Twilio API"'} : undefined;
      return {status: error.status, body: error.toBody(), ...(headers === undefined ? {} : {headers})};
    }
  }

  async #handle(request: ApiRequest): Promise<ApiResult> {
    const prefix = `/${API_VERSION}`;
    const {path} = request;
    const match = path.startsWith(prefix) ? this.#routes.find(path.slice(prefix.length)) : null;
    this.#authorize(request, match);
    const operation = operationOf(request);
    const number = this.#faults.nextRequest(operation);
    if (this.#fault(number, operation) === 'hang') return 'hang';
    if (match === null) throw notFound(path);
    const {route, params} = match;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const handler = method === 'GET' || method === 'POST' || method === 'DELETE' ? route[method] : undefined;
    if (handler === undefined) throw new ApiError(405, 20004, 'Method not allowed');
    return await handler({...request, params, number});
  }

  #authorize({authorization}: ApiRequest, match: RouteMatch | null): void {
    if (match?.route.isPublic === true) return;
    const principal = this.#authenticator.authenticate(authorization);
    if (match?.route.mainOnly === true && principal === 'api-key') throw unauthorized();
  }

  #fault(request: number, operation: ApiOperation): 'hang' | null {
    const faults = this.#faults;
    if (faults.strikesRequest('hang', request, operation)) return 'hang';
    if (faults.strikesRequest('tooManyRequests', request, operation)) {
      throw new ApiError(429, 20429, 'Too Many Requests');
    }
    if (faults.strikesRequest('serverError', request, operation)) {
      const status = faults.serverErrorStatus();
      const isUnavailable = status === 503;
      throw new ApiError(
        status,
        isUnavailable ? 20503 : 20500,
        isUnavailable ? 'Service Unavailable' : 'An internal server error has occurred',
      );
    }
    return null;
  }
}

function operationOf({method, path}: ApiRequest): ApiOperation {
  if (path.endsWith('/Calls.json')) return method === 'POST' ? 'create' : 'list';
  if (!/\/Calls\/[^/]+\.json$/.test(path)) return 'other';
  return method === 'POST' ? 'update' : method === 'DELETE' ? 'delete' : 'fetch';
}
