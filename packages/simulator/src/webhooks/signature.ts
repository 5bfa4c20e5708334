import {createHmac} from 'node:crypto';

/** The parameters of a webhook. Names are unique. */
export type WebhookParameters = Readonly<Record<string, string>>;

/**
 * X-Twilio-Signature (Twilio docs: "Webhooks security"): base64 of HMAC-SHA1, keyed with the account's auth
 * token. The input is the requested URL. For a form POST, each name follows with its value, in byte order of
 * the names.
 */
export function signatureFor(authToken: string, url: string, body: WebhookParameters): string {
  const names = Object.keys(body).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const text = url + names.map((name) => `${name}${body[name]}`).join('');
  return createHmac('sha1', authToken).update(text, 'utf8').digest('base64');
}
