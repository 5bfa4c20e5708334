/** Copies of a webhook: as JSON, and as a curl command. Neither contains a signature or a token. Pure. */
import type {WebhookDetail} from '@hookswitch/protocol';

/** With these headers, anyone could repeat the request or impersonate the sender. */
const SECRET_HEADERS = new Set([
  'x-twilio-signature',
  'i-twilio-idempotency-token',
  'authorization',
  'cookie',
]);

/** Headers that curl sets itself, or that would be wrong for another body. */
const OWN_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-encoding',
  'content-type',
]);

/** All data of the webhook without the secret headers. */
export function toJson(detail: WebhookDetail): string {
  const headers = detail.headers.filter(({name}) => !SECRET_HEADERS.has(name.toLowerCase()));
  return JSON.stringify({...detail, headers}, undefined, 2);
}

/**
 * A shell command. A stranger may have chosen every character, so fields are percent-encoded, and headers are
 * printable ASCII in single quotes. Nothing can end a quote, a line or a paste.
 */
export function toCurl(
  {method, path, headers, fields}: Pick<WebhookDetail, 'method' | 'path' | 'headers' | 'fields'>,
  publicUrl: string,
): string {
  const {origin} = new URL(publicUrl);
  const target = path.startsWith('/') ? path : `/${path}`;
  const sent = headers.filter(({name}) => {
    const key = name.toLowerCase();
    return !SECRET_HEADERS.has(key) && !OWN_HEADERS.has(key);
  });
  const body = fields.map(({name, value}) => `${encode(name)}=${encode(value)}`).join('&');
  return [
    'curl --globoff',
    `--request ${/^[A-Z]{3,12}$/.test(method) ? method : 'POST'}`,
    quoted(origin + escapeUrl(target)),
    ...sent.map(({name, value}) => `--header ${quoted(`${name}: ${value}`)}`),
    ...(body === ''
      ? []
      : [`--header ${quoted('content-type: application/x-www-form-urlencoded')}`, `--data-raw '${body}'`]),
  ].join(' \\\n  ');
}

/** Form encoding, including all characters that a shell or a terminal interprets. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*~]/g, percent);
}

function escapeUrl(target: string): string {
  return target.replace(/[^!-&(-~]/gu, (character) =>
    character === "'" ? '%27' : encodeURIComponent(character.toWellFormed()),
  );
}

/** Within single quotes, a shell interprets only the closing quote. */
function quoted(text: string): string {
  return `'${text.replace(/[^ -~]/g, '').replaceAll("'", `'\\''`)}'`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
