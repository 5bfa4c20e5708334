import type {HttpMethod} from '../webhooks/target.ts';
import {badRequest} from './api-error.ts';

/** A form value; empty and absent are the same to Twilio. */
export function text(form: URLSearchParams, name: string): string | null {
  const value = form.get(name);
  return value === null || value === '' ? null : value;
}

/** GET or POST. Throws 21209 for anything else. */
export function method(form: URLSearchParams, name: string): HttpMethod {
  const value = text(form, name)?.toUpperCase() ?? 'POST';
  if (value !== 'GET' && value !== 'POST') throw badRequest(21209, `${name} is not a valid HTTP method`);
  return value;
}

/** An absolute http(s) URL. Throws the code otherwise. */
export function absoluteUrl(form: URLSearchParams, name: string, code: number): string | null {
  const value = text(form, name);
  if (value === null) return null;
  const url = URL.parse(value);
  // Hostnames with underscores are refused (Twilio docs: "Call resource", StatusCallback).
  const valid =
    url !== null && /^https?:$/.test(url.protocol) && (code !== 21502 || !url.hostname.includes('_'));
  if (!valid) throw badRequest(code, `${name} is not a valid URL: ${value}`);
  return value;
}

/** A whole number in a range. Throws the code otherwise. */
export function integer(
  form: URLSearchParams,
  name: string,
  {min, max, fallback, code}: {min: number; max: number; fallback: number; code: number},
): number {
  const value = text(form, name);
  if (value === null) return fallback;
  if (!/^\d+$/.test(value) || Number(value) < min || Number(value) > max) {
    throw badRequest(code, `Invalid ${name}: ${value}`);
  }
  return Number(value);
}

export function flag(form: URLSearchParams, name: string): boolean {
  return text(form, name)?.toLowerCase() === 'true';
}

/** One of several words, else the fallback: Twilio only warns about unknown ones. */
export function choice<T extends string>(
  form: URLSearchParams,
  name: string,
  words: readonly T[],
  fallback: T,
): T {
  const value = text(form, name);
  return words.find((word) => word === value) ?? fallback;
}
