/**
 * Reads `application/x-www-form-urlencoded` as the WHATWG URL standard does, and refuses what a browser would repair:
 * what is signed must have one reading. Fields come as pairs, so that a name can be anything without touching a
 * prototype, and repeated names stay visible.
 */

import {beginning, expectedName, knownName} from './field-name-cache.ts';

/** Bytes; Twilio's webhooks have 1 to 2 kB. */
export const MAX_FORM_BYTES = 16_384;

/** Twilio sends about 40. */
export const MAX_FORM_FIELDS = 250;

export type FormField = readonly [name: string, value: string];

export type FormResult =
  | {readonly kind: 'form'; readonly fields: readonly FormField[]}
  | {readonly kind: 'malformed'; readonly reason: string};

// `fatal` refuses overlong forms, surrogates and stray continuation bytes; a byte order mark is a character like any.
const utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});

const BAD_FIELD = 'a field with a bad percent escape, invalid UTF-8 or NUL';

/**
 * The fields of `body`, in order; a text has a character for each byte (`latin1`), and is several times cheaper to cut than a
 * buffer. Takes time linear in its length and never throws.
 */
export function parseForm(body: Buffer | string): FormResult {
  if (body.length > MAX_FORM_BYTES) return malformed(`more than ${MAX_FORM_BYTES} bytes`);
  const text = typeof body === 'string' ? body : body.toString('latin1');
  if (text.includes('\0')) return malformed(BAD_FIELD);
  const escapes = new Escapes(text);
  const fields: FormField[] = [];
  let previous = beginning;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('&', start);
    const end = found === -1 ? text.length : found;
    // The standard skips empty sequences, so `a=1&&b=2` has two fields.
    if (end > start) {
      if (fields.length === MAX_FORM_FIELDS) return malformed(`more than ${MAX_FORM_FIELDS} fields`);
      const expected = expectedName(previous, text, start);
      const nameEnd = expected === undefined ? endOfName(text, start, end) : start + expected.name.length;
      const name = expected?.name ?? decode(text, start, nameEnd, escapes);
      const value = decode(text, Math.min(nameEnd + 1, end), end, escapes);
      if (name === undefined || value === undefined) return malformed(BAD_FIELD);
      const known = expected ?? knownName(previous, name);
      previous = known ?? previous;
      fields.push([known?.name ?? name, value]);
    }
    start = end + 1;
  }
  return {kind: 'form', fields};
}

/** Where the equals sign of a field is, or its end where it has none. */
function endOfName(text: string, start: number, end: number): number {
  const equals = text.indexOf('=', start);
  return equals === -1 || equals > end ? end : equals;
}

/** Where in a text is what does not stand for itself. Asked from its beginning to its end, and looks through it once. */
class Escapes {
  readonly #text: string;
  /** Bytes beyond ASCII, which nearly no form has. */
  readonly #high: boolean;
  #percent: number;
  #plus: number;

  constructor(text: string) {
    this.#text = text;
    this.#high = !ASCII.test(text);
    this.#percent = text.indexOf('%');
    this.#plus = text.indexOf('+');
  }

  /** Whether there is one from `start` to before `end`. Never asked of anything before an earlier `start`. */
  within(start: number, end: number): boolean {
    if (this.#high) return true;
    if (this.#percent !== -1 && this.#percent < start) this.#percent = this.#text.indexOf('%', start);
    if (this.#plus !== -1 && this.#plus < start) this.#plus = this.#text.indexOf('+', start);
    return (this.#percent !== -1 && this.#percent < end) || (this.#plus !== -1 && this.#plus < end);
  }
}

/** `text` has a character for each byte. `undefined` for bad escapes, invalid UTF-8 and NUL. */
function decode(text: string, start: number, end: number, escapes: Escapes): string | undefined {
  const encoded = text.slice(start, end);
  if (!escapes.within(start, end)) return encoded;
  const spaced = encoded.replaceAll('+', ' ');
  const decoded = ASCII.test(spaced) ? fromEscapes(spaced) : fromUtf8(spaced);
  return decoded?.includes('\0') ? undefined : decoded;
}

const ASCII = /^[^\u0080-\u00ff]*$/;

function fromEscapes(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** What has to follow a percent sign. */
const ESCAPE = /^[0-9A-Fa-f]{2}/;

/** Bytes of UTF-8 that nobody escaped may be part of a character together with some that somebody did. */
function fromUtf8(text: string): string | undefined {
  const [first = '', ...escaped] = text.split('%');
  let bytes = first;
  for (const part of escaped) {
    if (!ESCAPE.test(part)) return undefined;
    bytes += String.fromCharCode(Number.parseInt(part.slice(0, 2), 16)) + part.slice(2);
  }
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

function malformed(reason: string): FormResult {
  return {kind: 'malformed', reason};
}
