import {createHash, timingSafeEqual} from 'node:crypto';
import {ApiError} from './api-error.ts';

export interface Credentials {
  readonly accountSid: string;
  readonly authToken: string;
  readonly apiKeySid: string;
  readonly apiKeySecret: string;
}

/** Who asks: the account itself may do more than one of its API keys. */
export type Principal = 'account' | 'api-key';

/** HTTP Basic with the account's sid and token, or an API key's sid and secret. Throws 401/20003. */
export function authenticate(header: string | undefined, credentials: Credentials): Principal {
  const [scheme = '', encoded = ''] = (header ?? '').split(' ', 2);
  if (scheme.toLowerCase() === 'basic') {
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const {accountSid, authToken, apiKeySid, apiKeySecret} = credentials;
    if (same(text, `${accountSid}:${authToken}`)) return 'account';
    if (same(text, `${apiKeySid}:${apiKeySecret}`)) return 'api-key';
  }
  throw unauthorized();
}

export function unauthorized(): ApiError {
  return new ApiError(401, 20003, 'Authenticate', '');
}

function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
