/** Sends authorized JSON requests to the gateway, turns every failure into a `HookswitchError`, and retries. */
import type {Retry} from '@hookswitch/protocol';
import {backoffMs} from './backoff.ts';
import type {ClientClock, RequestOptions} from './client-api.ts';
import {HookswitchError} from './errors.ts';
import {joinSignals} from './join-signals.ts';
import type {TokenSource} from './token-source.ts';

export interface RequestsOptions {
  /** The gateway's address without a trailing slash. */
  readonly url: string;
  readonly tokens: TokenSource;
  readonly fetch: typeof fetch | undefined;
  readonly clock: ClientClock;
  readonly random: () => number;
  /** Aborted when the client is disposed. */
  readonly disposed: AbortSignal;
}

/** A request that takes longer has failed. */
const REQUEST_TIMEOUT_MS = 30_000;
/** With back-off, this is about one minute. */
const MAX_TRIES = 6;

const whatToDo: Readonly<Record<string, string>> = {
  unauthorized: 'Use a new token.',
  forbidden: 'Use a token that has the required scope.',
  invalid_request: 'Correct the field named in context.',
  call_not_found: 'Check the sid, and what the token may see.',
  idempotency_conflict: 'Use a new key for a different request.',
  submission_unknown: 'Repeat the request with the same idempotencyKey. It never dials twice.',
  network: 'Check the network and the url. Browsers also need ALLOWED_ORIGINS.',
  provider_error: 'See Twilio’s error code in context.',
};

export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Sends one request. Repeats it only if the token was refused and another token is available. */
  async send<T>(path: string, options: RequestOptions = {}): Promise<T> {
    const {tokens} = this.#options;
    const token = await tokens.get();
    const answer = await this.#fetch(path, options, token);
    if (answer.response.status !== 401 || !tokens.renewable) return parseAnswer<T>(answer);
    tokens.refuse(token);
    return parseAnswer<T>(await this.#fetch(path, options, await tokens.get()));
  }

  /** Repeats a request until it succeeds or fails permanently. Use it only for requests that are safe to repeat. */
  async sendWithRetry<T>(path: string, options: RequestOptions, maxTries = MAX_TRIES): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.send<T>(path, options);
      } catch (error) {
        if (!(error instanceof HookswitchError) || !mayRepeat(error) || tries >= maxTries) throw error;
        await this.pause(error.retryAfterMs ?? backoffMs(tries, this.#options.random()), options.signal);
      }
    }
  }

  /** @throws HookswitchError `aborted`, `disposed` */
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    const ended = joinSignals(signal, this.#options.disposed);
    return new Promise<void>((resolve, reject) => {
      const cancel = this.#options.clock.after(ms, resolve);
      const stop = () => {
        cancel();
        reject(this.aborted());
      };
      ended.signal.addEventListener('abort', stop);
      if (ended.signal.aborted) stop();
    }).finally(ended.release);
  }

  /** The error for an operation that was aborted. */
  aborted(cause?: unknown): HookswitchError {
    return this.#options.disposed.aborted
      ? new HookswitchError('disposed', 'The client was disposed.', {cause})
      : new HookswitchError('aborted', 'The operation was aborted.', {cause});
  }

  async #fetch(path: string, options: RequestOptions, token: string): Promise<Answer> {
    const {method, body, headers, signal} = options;
    const {url, disposed, clock, fetch = globalThis.fetch} = this.#options;
    if (typeof fetch !== 'function') {
      throw new HookswitchError('unsupported', 'This runtime has no fetch.', {
        whatToDo: 'Pass one as the fetch option.',
      });
    }
    const ended = joinSignals(signal, disposed);
    const cancel = clock.after(REQUEST_TIMEOUT_MS, ended.abort);
    try {
      const response = await fetch(url + path, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(body === undefined ? {} : {'content-type': 'application/json'}),
          ...headers,
          authorization: `Bearer ${token}`,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: ended.signal,
      });
      return {response, text: await response.text()};
    } catch (cause) {
      if (disposed.aborted || signal?.aborted) throw this.aborted(cause);
      throw new HookswitchError('network', 'Cannot reach the gateway.', {
        cause,
        retry: 'backoff',
        whatToDo: whatToDo['network'],
      });
    } finally {
      cancel();
      ended.release();
    }
  }
}

interface Answer {
  readonly response: Response;
  readonly text: string;
}

/** Whether the request got no response, or a response that allows the same request again. */
function mayRepeat({code, status, retry}: HookswitchError): boolean {
  if (code === 'token_failed') return retry === 'backoff';
  return code === 'network' || status === 503 || code === 'submission_unknown' || code === 'bad_gateway';
}

function parseAnswer<T>({response, text}: Answer): T {
  const {ok, status, statusText, headers} = response;
  let json: {code?: string; detail?: string; title?: string; context?: Record<string, unknown>} | undefined;
  try {
    json = text === '' ? undefined : JSON.parse(text);
    if (ok) return json as T;
  } catch (cause) {
    if (ok) {
      const hint = {cause, status, retry: 'backoff', whatToDo: whatToDo['network']} as const;
      throw new HookswitchError('invalid_response', 'The response is not from the gateway.', hint);
    }
  }
  // A proxy that responds instead of the gateway sends no code.
  const code = json?.code ?? (status === 502 || status === 504 ? 'bad_gateway' : `http_${status}`);
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  throw new HookswitchError(code, json?.detail ?? json?.title ?? `${status} ${statusText}`, {
    status,
    context: json?.context,
    retry: retryOf(status, code),
    retryAfterMs: Number.isFinite(seconds) ? Math.min(seconds * 1000, REQUEST_TIMEOUT_MS) : undefined,
    whatToDo: whatToDo[code] ?? (status >= 500 || status === 429 ? 'Try again later.' : 'See the message.'),
  });
}

function retryOf(status: number, code: string): Retry {
  if (status === 401) return 'with-new-token';
  return status === 429 || (status >= 500 && code !== 'provider_error') ? 'backoff' : 'never';
}
