import type {HttpMethod} from '../webhooks/target.ts';
import {badRequest} from './api-error.ts';

/** Returns a form value. Twilio treats empty and absent values alike. */
export function text(form: URLSearchParams, name: string): string | null {
  const value = form.get(name);
  return value === null || value === '' ? null : value;
}

/** Parses GET or POST. Throws 21209 for anything else. */
export function method(form: URLSearchParams, name: string): HttpMethod {
  const value = text(form, name)?.toUpperCase() ?? 'POST';
  if (value !== 'GET' && value !== 'POST') throw badRequest(21209, `${name} is not a valid HTTP method`);
  return value;
}

/** Parses an absolute http(s) URL. Throws `code` otherwise. */
export function absoluteUrl(form: URLSearchParams, name: string, code: number): string | null {
  const value = text(form, name);
  if (value === null) return null;
  const url = URL.parse(value);
  // Twilio refuses hostnames with underscores (Twilio docs: "Call resource", StatusCallback).
  const valid =
    url !== null && /^https?:$/.test(url.protocol) && (code !== 21502 || !url.hostname.includes('_'));
  if (!valid) throw badRequest(code, `${name} is not a valid URL: ${value}`);
  return value;
}

/** Parses an integer in a range. Throws `code` otherwise. */
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

/** Returns one of several words, or else the fallback, because Twilio only warns about unknown words. */
export function choice<T extends string>(
  form: URLSearchParams,
  name: string,
  words: readonly T[],
  fallback: T,
): T {
  const value = text(form, name);
  return words.find((word) => word === value) ?? fallback;
}
