/**
 * `X-Twilio-Signature`: HMAC-SHA1 over the URL that Twilio requested and the POST fields, sorted by name,
 * with name and value joined without delimiters. Stricter than the SDK's `validateRequest`: the URL is used
 * as it is, without normalizing or re-encoding it, and no header of the request influences it.
 */
import {timingSafeEqual} from 'node:crypto';
import type {FormField} from './form.ts';
import {hmacSha1} from './hmac.ts';

/** 20 bytes as canonical base64: the unused bits of the last character are zero. */
const SHA1_BASE64 = /^[A-Za-z0-9+/]{26}[AEIMQUYcgkosw048]=$/;

/** Visible ASCII except `#`: the characters of a request target. */
const TARGET = /^\/[!-"$-~]*$/;

export interface SignedRequest {
  /** The raw header. */
  readonly signature: string | undefined;
  /** All tokens that are currently valid: two during a rotation. */
  readonly authTokens: readonly string[];
  /** The URLs that Twilio may have signed. */
  readonly urls: readonly string[];
  /** The signed text of the fields: see {@link signedText}. */
  readonly text: string;
}

/** Whether one of the tokens signed one of the URLs with exactly these fields. Compares in constant time. */
export function verifySignature({signature, authTokens, urls, text}: SignedRequest): boolean {
  const given = readSignature(signature);
  if (given === undefined) return false;
  let valid = false;
  for (const token of authTokens) {
    for (const url of urls) {
      // No early exit, so that the time does not reveal which token or candidate matched.
      valid = isSignatureOf(given, token, url + text) || valid;
    }
  }
  return valid;
}

/** The bytes of the header; `undefined` if Twilio would not send it. */
export function readSignature(header: string | undefined): Buffer | undefined {
  return header !== undefined && SHA1_BASE64.test(header) ? Buffer.from(header, 'base64') : undefined;
}

/**
 * Whether `token` signed `content`, in constant time. An empty token is refused because anybody could sign
 * with it.
 */
export function isSignatureOf(given: Buffer, token: string, content: string): boolean {
  return timingSafeEqual(given, hmacSha1(token, content)) && token !== '';
}

/**
 * The URLs that Twilio may have signed for a request with the raw `pathAndQuery`, below `publicUrl`. Empty if
 * it is not a plain request target. Host and X-Forwarded-* are ignored, because the sender chooses them.
 */
export function signatureUrls(publicUrl: string, pathAndQuery: string): readonly string[] {
  if (!TARGET.test(pathAndQuery)) return [];
  // Twilio removes the port from the signed URL of voice webhooks over https, and keeps it over http.
  const withoutPort = publicUrl.replace(/^(https:\/\/(?:\[[^\]]*\]|[^/:]*)):\d+/, '$1');
  return [...new Set([publicUrl, withoutPort])].map((base) => base + pathAndQuery);
}

/** The header that Twilio sends. For the simulator and tests. */
export function sign(authToken: string, url: string, fields: readonly FormField[]): string {
  return hmacSha1(authToken, url + signedText(fields)).toString('base64');
}

/**
 * The signed text of the fields, which follows the URL: sorted by name, with name and value joined. For a
 * repeated name, its distinct values are sorted, each after the name (as in the SDK).
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

/** By UTF-16 code units, like JavaScript's string order. */
function byNameAndValue(a: FormField, b: FormField): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  return 0;
}
