/**
 * `X-Twilio-Signature`: HMAC-SHA1 over the URL that Twilio requested and the POST fields, sorted by name, name and
 * value run together without delimiters. Stricter than the SDK's `validateRequest`: the URL is taken as it is, not
 * also normalised or re-encoded, and nothing is guessed from the request's own headers.
 */
import {timingSafeEqual} from 'node:crypto';
import type {FormField} from './form.ts';
import {hmacSha1} from './hmac.ts';

/** 20 bytes as canonical base64: the bits of the last character that carry nothing are zero. */
const SHA1_BASE64 = /^[A-Za-z0-9+/]{26}[AEIMQUYcgkosw048]=$/;

/** Visible ASCII but `#`: all that a request target may hold. */
const TARGET = /^\/[!-"$-~]*$/;

export interface SignedRequest {
  /** The header, as it came. */
  readonly signature: string | undefined;
  /** Every token that is valid now: two while they are rotated. */
  readonly authTokens: readonly string[];
  /** Spellings of the URL that Twilio may have signed. */
  readonly urls: readonly string[];
  /** The fields, as they are signed: see {@link signedText}. */
  readonly text: string;
}

/** Whether one of the tokens signed one of the URLs with exactly these fields. Compares in constant time. */
export function verifySignature({signature, authTokens, urls, text}: SignedRequest): boolean {
  const given = readSignature(signature);
  if (given === undefined) return false;
  let valid = false;
  for (const token of authTokens) {
    for (const url of urls) {
      // No early exit: which token or candidate matched is nobody's business.
      valid = isSignatureOf(given, token, url + text) || valid;
    }
  }
  return valid;
}

/** The bytes of the header, or `undefined` for what Twilio would not send. */
export function readSignature(header: string | undefined): Buffer | undefined {
  return header !== undefined && SHA1_BASE64.test(header) ? Buffer.from(header, 'base64') : undefined;
}

/** Whether `token` signed `content`, in constant time. An empty token would sign for everyone. */
export function isSignatureOf(given: Buffer, token: string, content: string): boolean {
  return timingSafeEqual(given, hmacSha1(token, content)) && token !== '';
}

/**
 * The URLs that Twilio may have signed for a request of `pathAndQuery`, raw as received, below `publicUrl`; none for
 * what is no plain request target. Host and X-Forwarded-* have no say: whoever sends the request writes those.
 */
export function signatureUrls(publicUrl: string, pathAndQuery: string): readonly string[] {
  if (!TARGET.test(pathAndQuery)) return [];
  // Twilio drops the port from the signed URL of voice webhooks over https, and keeps it over http.
  const withoutPort = publicUrl.replace(/^(https:\/\/(?:\[[^\]]*\]|[^/:]*)):\d+/, '$1');
  return [...new Set([publicUrl, withoutPort])].map((base) => base + pathAndQuery);
}

/** What Twilio sends in the header; for the simulator and tests. */
export function sign(authToken: string, url: string, fields: readonly FormField[]): string {
  return hmacSha1(authToken, url + signedText(fields)).toString('base64');
}

/**
 * What of the fields is signed, behind the URL: sorted by name, name and value run together; of a repeated name the
 * distinct values, sorted, each behind the name (as the SDK does).
 */
export function signedText(fields: readonly FormField[]): string {
  let text = '';
  let previous: FormField | undefined;
  for (const field of fields.toSorted(byNameAndValue)) {
    if (previous === undefined || byNameAndValue(previous, field) !== 0) text += field[0] + field[1];
    previous = field;
  }
  return text;
}

/** By UTF-16 code units, as JavaScript sorts strings. */
function byNameAndValue(a: FormField, b: FormField): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  return 0;
}
