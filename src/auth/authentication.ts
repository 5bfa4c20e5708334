/**
 * Verifies tokens: first the access key, then JWTs if they are configured. Every invalid token gets the same
 * response, and verification always ends in time.
 */
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';
import {AccessKeyAuthenticator} from './access-key.ts';
import type {Authenticator, Principal} from './authenticator.ts';
import {JwksKeys} from './jwks.ts';
import {JwtAuthenticator, type KeySource, SharedSecret} from './jwt.ts';
import {RefusedTokens, type TokenRefusal} from './refused-tokens.ts';

/** The AUTH_* variables. At most one of secret and URL is set. */
export interface JwtConfiguration {
  readonly jwtSecret?: string;
  readonly jwksUrl?: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** Seconds that `iat` and `nbf` may be ahead of our clock. @default 30 */
  readonly clockToleranceS?: number;
}

export interface AuthenticationOptions {
  readonly accessKey: string;
  readonly jwt: JwtConfiguration;
  /** Used after the access key, instead of JWTs. */
  readonly other?: Authenticator;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Time limit for one token. An upgrade waits for it and has 5 s in total (W14). */
export const VERIFY_TIMEOUT_MS = 4000;

export class Authentication implements Authenticator {
  readonly #accessKey: AccessKeyAuthenticator;
  /** Verifies all tokens except the access key. */
  readonly #others: Authenticator | undefined;
  readonly #jwks: JwksKeys | undefined;
  /** Logged for a token that is not accepted. Absent if the authenticator logs its own reasons. */
  readonly #refusal: TokenRefusal | undefined;
  readonly #refusals: RefusedTokens;
  readonly #clock: Clock;

  constructor({accessKey, jwt, other, clock, logger}: AuthenticationOptions) {
    const {jwtSecret, jwksUrl, issuer, audience, clockToleranceS = 30} = jwt;
    const refusals = new RefusedTokens({clock, logger});
    this.#clock = clock;
    this.#refusals = refusals;
    this.#jwks =
      jwksUrl === undefined || other !== undefined ? undefined : new JwksKeys({url: jwksUrl, clock, logger});
    const keys: KeySource | undefined = jwtSecret === undefined ? this.#jwks : new SharedSecret(jwtSecret);
    const expected = {issuer, audience, clockToleranceS};
    const jwts = keys && new JwtAuthenticator({keys, ...expected, refusals, clock, logger});
    this.#others = other ?? jwts;
    this.#refusal = other === undefined ? (jwts === undefined ? ONLY_ACCESS_KEY : undefined) : BY_OTHER;
    this.#accessKey = new AccessKeyAuthenticator(accessKey);
  }

  /** Fetches keys in the background, because unavailable keys must not prevent the start. */
  start(): void {
    this.#jwks?.start();
  }

  stop(): void {
    this.#jwks?.stop();
  }

  async verify(token: string): Promise<Principal | undefined> {
    // Synchronously and without a timer, so that ten thousand clients with the key are verified within a
    // second.
    const operator = this.#accessKey.principalOf(token);
    if (operator !== undefined) return operator;
    const principal = this.#others === undefined ? undefined : await this.#inTime(this.#others, token);
    if (principal === 'late') {
      this.#refusals.add({
        reason: 'timeout',
        detail: `Verifying the token took longer than ${VERIFY_TIMEOUT_MS} ms.`,
      });
      return undefined;
    }
    if (principal === undefined && this.#refusal !== undefined) this.#refusals.add(this.#refusal);
    return principal;
  }

  async #inTime(authenticator: Authenticator, token: string): Promise<Principal | 'late' | undefined> {
    const {promise: late, resolve} = Promise.withResolvers<'late'>();
    const cancel = this.#clock.after(VERIFY_TIMEOUT_MS, () => resolve('late'));
    try {
      return await Promise.race([authenticator.verify(token), late]);
    } finally {
      cancel();
    }
  }
}

const ONLY_ACCESS_KEY: TokenRefusal = {
  reason: 'access-key',
  detail: 'The token is not the access key. JWTs require AUTH_JWT_SECRET or AUTH_JWKS_URL.',
};
const BY_OTHER: TokenRefusal = {
  reason: 'other',
  detail: 'The token is neither the access key nor accepted by the authenticator.',
};
