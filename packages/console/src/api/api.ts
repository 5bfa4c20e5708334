/** Client of the operator's HTTP API: JSON in and out, problems as {@link ApiError}. */
import {ApiError, fromProblem, toApiError} from './api-error.ts';
import type {ResourcePath} from './endpoints.ts';

export interface ApiOptions {
  /** URL of the gateway, with a trailing slash. */
  readonly baseUrl: string;
  readonly key: string;
  /** The gateway no longer accepts the key. */
  readonly onUnauthorized?: () => void;
  /** @default the browser's */
  readonly fetch?: typeof fetch;
}

export interface SendOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Maximum time to wait for a response. */
const TIMEOUT_MS = 20_000;

export class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** @throws {ApiError} for every response but a 2xx with JSON; the abort reason if `signal` was aborted */
  get<T>(path: ResourcePath<T>, signal?: AbortSignal): Promise<T> {
    return this.send('GET', path, signal === undefined ? {} : {signal});
  }

  /**
   * @throws {ApiError} for every response but a 2xx with JSON or an empty body; the abort reason if `signal`
   * was aborted
   */
  async send<T>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: ResourcePath<T>,
    {body, signal, headers}: SendOptions = {},
  ): Promise<T> {
    const {baseUrl, key, fetch: send = fetch, onUnauthorized} = this.#options;
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await send(new URL(path, baseUrl), {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : {'content-type': 'application/json'}),
          ...headers,
        },
        ...(body === undefined ? {} : {body: JSON.stringify(body)}),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        cache: 'no-store',
        credentials: 'omit',
      });
      const text = await response.text();
      if (response.status === 401) onUnauthorized?.();
      if (!response.ok) throw fromProblem(response.status, text, response.headers.get('retry-after'));
      return parseAnswer<T>(response.status, text);
    } catch (thrown) {
      if (signal?.aborted) throw signal.reason;
      throw toApiError(thrown);
    }
  }
}

function parseAnswer<T>(status: number, text: string): T {
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T;
  } catch (cause) {
    throw new ApiError('The response is not JSON, so it did not come from the gateway.', {
      status,
      code: 'bad_answer',
      cause,
    });
  }
}
