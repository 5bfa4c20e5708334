import {signatureFor, type WebhookParameters} from './signature.ts';

export type HttpMethod = 'GET' | 'POST';

/** One HTTP request of a webhook, ready to be sent. */
export interface WebhookRequest {
  readonly method: HttpMethod;
  /** Where it goes: without fragment and credentials, parameters of a GET included. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Form body; empty for a GET. */
  readonly body: string;
}

export interface WebhookTarget {
  readonly method: HttpMethod;
  /** As configured; the fragment is never sent. */
  readonly url: string;
  readonly params: WebhookParameters;
}

const URL_PARTS = /^(https?):\/\/(?:([^/?#@]*)@)?([^/?#]+)[^#]*/i;

/**
 * The request for a webhook with its signature. The host is signed as it was written, so an http URL keeps its port
 * even if it is the default one, whereas voice webhooks over https are signed without any port.
 */
export function webhookRequest(
  {method, url, params}: WebhookTarget,
  {authToken, idempotencyToken, cookies}: {authToken: string; idempotencyToken: string; cookies: string},
): WebhookRequest {
  const parts = URL_PARTS.exec(url);
  const [, scheme = 'http', credentials, host = ''] = parts ?? [];
  const protocol = scheme.toLowerCase();
  const parsed = new URL(url);
  const form = new URLSearchParams(params).toString();
  const query =
    method === 'GET' && form !== ''
      ? parsed.search === ''
        ? `?${form}`
        : `${parsed.search}&${form}`
      : parsed.search;
  const rest = `${parsed.pathname}${query}`;
  const signedHost = protocol === 'https' ? host.replace(/:\d+$/, '') : host;
  const headers: Record<string, string> = {
    Host: host,
    'User-Agent': 'TwilioProxy/1.1',
    Accept: '*/*',
    'Accept-Encoding': 'gzip',
    'X-Home-Region': 'us1',
    'I-Twilio-Idempotency-Token': idempotencyToken,
    'X-Twilio-Signature': signatureFor(
      authToken,
      `${protocol}://${signedHost}${rest}`,
      method === 'POST' ? params : {},
    ),
  };
  if (method === 'POST') headers['Content-Type'] = 'application/x-www-form-urlencoded';
  if (cookies !== '') headers['Cookie'] = cookies;
  if (credentials !== undefined) {
    headers['Authorization'] = `Basic ${Buffer.from(decodeURIComponent(credentials)).toString('base64')}`;
  }
  return {method, url: `${protocol}://${host}${rest}`, headers, body: method === 'POST' ? form : ''};
}
