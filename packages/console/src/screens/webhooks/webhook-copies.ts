/** A webhook to be taken along: as JSON, and as a command that sends it again. Neither holds a signature or a token. Pure. */
import type {WebhookDetail} from '@hookswitch/protocol';

/** Whoever has them could send the same request again, or as somebody else. */
const SECRET_HEADERS = new Set([
  'x-twilio-signature',
  'i-twilio-idempotency-token',
  'authorization',
  'cookie',
]);

/** What curl works out by itself, or what would be wrong of another body. */
const OWN_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-encoding',
  'content-type',
]);

/** Everything that is known of it, the secret headers left out. */
export function toJson(detail: WebhookDetail): string {
  const headers = detail.headers.filter(({name}) => !SECRET_HEADERS.has(name.toLowerCase()));
  return JSON.stringify({...detail, headers}, undefined, 2);
}

/**
 * A line for a shell. A stranger may have chosen every character of it: fields go percent-encoded, headers as printable ASCII in
 * single quotes, so that nothing in it ends a quote, a line or a paste.
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

/** As a form has it; nothing is left that a shell or a terminal reads. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*~]/g, percent);
}

function escapeUrl(target: string): string {
  return target.replace(/[^!-&(-~]/gu, (character) =>
    character === "'" ? '%27' : encodeURIComponent(character.toWellFormed()),
  );
}

/** In single quotes a shell reads nothing but the next one. */
function quoted(text: string): string {
  return `'${text.replace(/[^ -~]/g, '').replaceAll("'", `'\\''`)}'`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
