/** Twilio's official SDK, configured once for all clients of the REST API. */
import twilio from 'twilio';
import type {ProviderFault} from '../twilio-client.ts';

export interface TwilioRestOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** Origin of a Twilio-compatible REST host. @default 'https://api.twilio.com' */
  readonly apiUrl?: string;
  /** Milliseconds for a whole request. @default 10000 */
  readonly timeoutMs?: number;
}

export const DEFAULT_API_URL = 'https://api.twilio.com';
const DEFAULT_TIMEOUT_MS = 10_000;

/** Statuses whose `Retry-After` header is used. */
const BACK_OFF_STATUSES: ReadonlySet<number> = new Set([429, 503]);

/**
 * The SDK's transport for another origin. `api.baseUrl` would still be rewritten by TWILIO_REGION and
 * TWILIO_EDGE.
 */
class RedirectedRequestClient extends twilio.RequestClient {
  readonly #origin: string;

  constructor(origin: string, timeoutMs: number) {
    // No keep-alive: a reused connection that the server is just closing fails after the request was sent. A
    // dial request with an unknown outcome is worse than another handshake.
    super({timeout: timeoutMs, keepAlive: false, autoRetry: false});
    this.#origin = origin;
  }

  override request: twilio.RequestClient['request'] = async (options) => {
    const response = await super.request({...options, uri: this.#origin + pathOf(options.uri)});
    // The SDK's own exception omits the headers.
    const retryAfterMs = BACK_OFF_STATUSES.has(response.statusCode)
      ? toRetryAfterMs(response.headers)
      : undefined;
    if (retryAfterMs !== undefined) throw Object.assign(new twilio.RestException(response), {retryAfterMs});
    return response;
  };
}

/** The `Retry-After` header in milliseconds: seconds or an HTTP date. */
function toRetryAfterMs(headers: unknown): number | undefined {
  const value = (headers as {readonly 'retry-after'?: unknown} | undefined)?.['retry-after'];
  if (typeof value !== 'string') return undefined;
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function pathOf(uri: string): string {
  const {pathname, search} = new URL(uri);
  return pathname + search;
}

/** Creates the SDK. It sends nothing before the first call of a method. */
export function createSdk({
  accountSid,
  authToken,
  apiUrl,
  timeoutMs = DEFAULT_TIMEOUT_MS,
}: TwilioRestOptions): twilio.Twilio {
  const origin = (apiUrl ?? DEFAULT_API_URL).replace(/\/+$/, '');
  const httpClient = new RedirectedRequestClient(origin, timeoutMs);
  return twilio(accountSid, authToken, {autoRetry: false, httpClient});
}

interface ErrorFields {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  readonly retryAfterMs?: unknown;
}

/**
 * Reads each field, because `message` of the SDK's RestException is not enumerable and would be lost in a
 * spread.
 */
export function toFault(error: unknown): ProviderFault {
  const {code, status, message, retryAfterMs} = (error ?? {}) as ErrorFields;
  return {
    message: typeof message === 'string' && message !== '' ? message : 'Twilio could not be reached.',
    code: typeof code === 'number' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
  };
}
