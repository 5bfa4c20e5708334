/** Twilio's official SDK, set up once for everything that asks Twilio's REST API. */
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

/** The SDK's transport, sent to another origin: `api.baseUrl` would still be rewritten by TWILIO_REGION and _EDGE. */
class RedirectedRequestClient extends twilio.RequestClient {
  readonly #origin: string;

  constructor(origin: string, timeoutMs: number) {
    // No keep-alive: a reused connection that the other side is just closing fails after the request went out, and a
    // dial whose fate is unknown costs more than a handshake.
    super({timeout: timeoutMs, keepAlive: false, autoRetry: false});
    this.#origin = origin;
  }

  override request: twilio.RequestClient['request'] = (options) =>
    super.request({...options, uri: this.#origin + pathOf(options.uri)});
}

function pathOf(uri: string): string {
  const {pathname, search} = new URL(uri);
  return pathname + search;
}

/** Nothing is sent before the first call of a method. */
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
}

/** `message` of the SDK's RestException is not enumerable, so it is read, never spread. */
export function toFault(error: unknown): ProviderFault {
  const {code, status, message} = (error ?? {}) as ErrorFields;
  return {
    message: typeof message === 'string' && message !== '' ? message : 'Twilio could not be reached.',
    code: typeof code === 'number' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
  };
}
