import {signatureFor, type WebhookParameters} from './signature.ts';

export type HttpMethod = 'GET' | 'POST';

/** An HTTP request of a webhook, ready to send. */
export interface WebhookRequest {
  readonly method: HttpMethod;
  /** The URL without fragment and credentials, including the parameters of a GET. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The form body. Empty for a GET. */
  readonly body: string;
}

export interface WebhookTarget {
  readonly method: HttpMethod;
  /** The configured URL. The fragment is never sent. */
  readonly url: string;
  readonly params: WebhookParameters;
}

const URL_PARTS = /^(https?):\/\/(?:([^/?#@]*)@)?([^/?#]+)[^#]*/i;

/**
 * Creates the signed request of a webhook. An http URL is signed with the host as written, including a
 * default port. An https URL is signed without a port, as at Twilio.
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
