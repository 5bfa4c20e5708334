import {createHmac} from 'node:crypto';

/** Parameters of a webhook; names are unique. */
export type WebhookParameters = Readonly<Record<string, string>>;

/**
 * X-Twilio-Signature (Twilio docs: "Webhooks security"): base64 of HMAC-SHA1, keyed with the account's auth token,
 * over the requested URL and, for a form POST, every name directly followed by its value in byte order of the names.
 */
export function signatureFor(authToken: string, url: string, body: WebhookParameters): string {
  const names = Object.keys(body).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const text = url + names.map((name) => `${name}${body[name]}`).join('');
  return createHmac('sha1', authToken).update(text, 'utf8').digest('base64');
}
