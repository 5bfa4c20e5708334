/**
 * Parsers for the text of environment variables. Each parser is a zod schema for a text. An invalid text
 * becomes an issue with the fault and, in `params.remedy`, the next step. Faults never quote the value,
 * because it may be a secret.
 */
import {z} from 'zod';

/** The fault of a text, and the next step. */
export class Refusal {
  readonly fault: string;
  readonly remedy: string;

  constructor(fault: string, remedy: string) {
    this.fault = fault;
    this.remedy = remedy;
  }
}

/** A schema for the text of a variable. `parse` gets the trimmed text, which is never empty. */
export function text<T>(parse: (text: string) => T | Refusal) {
  return z.string().transform((raw, context): T => {
    const result = parse(raw.trim());
    if (!(result instanceof Refusal)) return result;
    context.addIssue({code: 'custom', message: result.fault, params: {remedy: result.remedy}});
    return z.NEVER;
  });
}

/** A text that matches a pattern. */
export function pattern(shape: RegExp, fault: string, remedy: string) {
  return text((value) => (shape.test(value) ? value : new Refusal(fault, remedy)));
}

/** A whole number in decimal digits, `min` to `max`. */
export function integer(min: number, max: number, unit = '') {
  const range = `a whole number from ${min} to ${max}${unit}`;
  return text((value) => {
    // Number() would also accept `1e3`, `0x10`, ` 7 ` and ``.
    if (!/^\d{1,15}$/.test(value)) return new Refusal('is not a whole number', `Set it to ${range}.`);
    const number = Number(value);
    return number >= min && number <= max ? number : new Refusal('is out of range', `Set it to ${range}.`);
  });
}

/** Placeholders for secrets in documents and templates. */
const PLACEHOLDER =
  /^(?:AC|SK)?(?:x+|\*+|\.+|-+)$|^\[.*\]$|^(?:your|my|insert|replace|enter|paste)[-_ ]|^(?:change[-_]?me|todo|tbd|fixme|placeholder|undefined|null)$/i;

/** A secret that is sent as it is: no whitespace, and not the placeholder of `.env.example`. */
export function secret(placeholder: string | undefined, remedy: string) {
  return text((value) => {
    if (PLACEHOLDER.test(value) || value === placeholder)
      return new Refusal('is still the placeholder', remedy);
    if (/[\s\p{Cc}]/u.test(value)) return new Refusal('contains whitespace', remedy);
    return value;
  });
}

/** A comma-separated list, without repetitions. */
export function list<T>(parseItem: (item: string) => T | Refusal, remedy: string) {
  return (value: string): readonly T[] | Refusal => {
    if (/^\[.*\]$/s.test(value) || /^[^,\s]+(?:\s+[^,\s]+)+$/.test(value))
      return new Refusal('is not a comma-separated list', remedy);
    const items = new Set<T>();
    for (const item of value.split(',')) {
      if (item.trim() === '') return new Refusal('has an empty entry', remedy);
      const parsed = parseItem(item.trim());
      if (parsed instanceof Refusal) return parsed;
      items.add(parsed);
    }
    return [...items];
  };
}

/** An absolute http(s) URL without credentials, query or fragment. A trailing slash is removed. */
export function parseBaseUrl(value: string, remedy: string): URL | Refusal {
  if (/[\s\\]/.test(value) || !URL.canParse(value)) return new Refusal('is not an absolute URL', remedy);
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return new Refusal('is neither https nor http', remedy);
  if (url.username !== '' || url.password !== '') return new Refusal('contains credentials', remedy);
  // `https://host/?` has an empty search but is still not a base for paths.
  if (/[?#]/.test(value)) return new Refusal('has a query or a fragment', remedy);
  return url;
}

/** A URL as text without its trailing slash. */
export function withoutTrailingSlash(url: URL): string {
  return (url.origin + url.pathname).replace(/\/+$/, '');
}
