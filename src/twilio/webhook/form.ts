/**
 * Parses `application/x-www-form-urlencoded` as in the WHATWG URL standard. Every body has exactly one
 * reading: an invalid percent escape stands for itself, and bytes that are not UTF-8 become U+FFFD, as in
 * Twilio's SDK when it checks a signature. Fields are pairs, so that no name can touch a prototype, and
 * repeated names stay visible.
 */

import {beginning, expectedName, knownName} from './field-name-cache.ts';

/** Bytes. Twilio's webhooks have 1 to 2 kB, and more with SIP headers and custom parameters. */
export const MAX_FORM_BYTES = 65_536;

/**
 * Twilio sends about 40 fields. The limit bounds the cost of a stranger's body before its signature is
 * checked.
 */
export const MAX_FORM_FIELDS = 4000;

export type FormField = readonly [name: string, value: string];

export type FormResult =
  | {readonly kind: 'form'; readonly fields: readonly FormField[]}
  | {readonly kind: 'malformed'; readonly reason: string};

// A byte order mark is an ordinary character here.
const utf8 = new TextDecoder('utf-8', {ignoreBOM: true});

/**
 * The fields of `body`, in order. A string has one character for each byte (`latin1`) and is several times
 * faster to slice than a buffer. Takes time linear in its length and never throws.
 */
export function parseForm(body: Buffer | string): FormResult {
  if (body.length > MAX_FORM_BYTES) return malformed(`more than ${MAX_FORM_BYTES} bytes`);
  const text = typeof body === 'string' ? body : body.toString('latin1');
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
      const known = expected ?? knownName(previous, name);
      previous = known ?? previous;
      fields.push([known?.name ?? name, value]);
    }
    start = end + 1;
  }
  return {kind: 'form', fields};
}

/** The position of a field's equals sign, or the end of the field if it has none. */
function endOfName(text: string, start: number, end: number): number {
  const equals = text.indexOf('=', start);
  return equals === -1 || equals > end ? end : equals;
}

/** Finds escapes in a text in a single pass. Queries must have ascending positions. */
class Escapes {
  readonly #text: string;
  /** Bytes beyond ASCII, which almost no form has. */
  readonly #high: boolean;
  #percent: number;
  #plus: number;

  constructor(text: string) {
    this.#text = text;
    this.#high = !ASCII.test(text);
    this.#percent = text.indexOf('%');
    this.#plus = text.indexOf('+');
  }

  /**
   * Whether there is an escape from `start` to before `end`. `start` must not be lower than in an earlier
   * query.
   */
  within(start: number, end: number): boolean {
    if (this.#high) return true;
    if (this.#percent !== -1 && this.#percent < start) this.#percent = this.#text.indexOf('%', start);
    if (this.#plus !== -1 && this.#plus < start) this.#plus = this.#text.indexOf('+', start);
    return (this.#percent !== -1 && this.#percent < end) || (this.#plus !== -1 && this.#plus < end);
  }
}

/** `text` has one character for each byte. */
function decode(text: string, start: number, end: number, escapes: Escapes): string {
  const encoded = text.slice(start, end);
  if (!escapes.within(start, end)) return encoded;
  const spaced = encoded.replaceAll('+', ' ');
  if (!ASCII.test(spaced)) return fromUtf8(spaced);
  try {
    return decodeURIComponent(spaced);
  } catch {
    return fromUtf8(spaced);
  }
}

const ASCII = /^[^\u0080-\u00ff]*$/;

const ESCAPES = /%([0-9A-Fa-f]{2})/g;

/** Unescaped UTF-8 bytes can form a character together with escaped ones, so both are decoded together. */
function fromUtf8(text: string): string {
  const bytes = text.replaceAll(ESCAPES, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return utf8.decode(Buffer.from(bytes, 'latin1'));
}

function malformed(reason: string): FormResult {
  return {kind: 'malformed', reason};
}
