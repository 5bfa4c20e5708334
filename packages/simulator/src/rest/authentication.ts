import {createHash, timingSafeEqual} from 'node:crypto';
import {ApiError} from './api-error.ts';
import type {ApiKeys} from './api-keys.ts';

/** The authenticated caller. The account may do more than its API keys. */
export type Principal = 'account' | 'api-key';

export interface AuthenticatorOptions {
  readonly accountSid: string;
  readonly authToken: string;
  readonly keys: ApiKeys;
}

/** Checks HTTP Basic with the account's sid and token, or an API key's sid and secret. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Throws 401/20003. */
  authenticate(header: string | undefined): Principal {
    const [scheme = '', encoded = ''] = (header ?? '').split(' ', 2);
    if (scheme.toLowerCase() !== 'basic') throw unauthorized();
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const {accountSid, authToken, keys} = this.#options;
    if (same(text, `${accountSid}:${authToken}`)) return 'account';
    const key = keys.get(text.split(':', 1)[0] ?? '');
    if (key !== null && same(text, `${key.sid}:${key.secret}`)) return 'api-key';
    throw unauthorized();
  }
}

export function unauthorized(): ApiError {
  return new ApiError(401, 20003, 'Authenticate', '');
}

function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
