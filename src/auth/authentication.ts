/**
 * Whose a token is, by all the ways there are: the access key first, then JWTs where they are configured. The answer to
 * every token that is no good is the same, and comes in time whatever a way does.
 */
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';
import {AccessKeyAuthenticator} from './access-key.ts';
import type {Authenticator, Principal} from './authenticator.ts';
import {JwksKeys} from './jwks.ts';
import {JwtAuthenticator, type KeySource, SharedSecret} from './jwt.ts';
import {RefusedTokens, type TokenRefusal} from './refused-tokens.ts';

/** What AUTH_* say; at most one of secret and URL. */
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
  /** Asked after the access key, instead of what `jwt` says. */
  readonly other?: Authenticator;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What one token may take. An upgrade waits for it, and has 5 s in all (W14). */
export const VERIFY_TIMEOUT_MS = 4000;

export class Authentication implements Authenticator {
  readonly #accessKey: AccessKeyAuthenticator;
  /** Asked about what is not the access key. */
  readonly #others: Authenticator | undefined;
  readonly #jwks: JwksKeys | undefined;
  /** Logged for a token that nothing accepts. Absent where the authenticator logs its own reasons. */
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

  /** Fetches keys in the background: that they cannot be had is no reason not to start. */
  start(): void {
    this.#jwks?.start();
  }

  stop(): void {
    this.#jwks?.stop();
  }

  async verify(token: string): Promise<Principal | undefined> {
    // At once, and without a timer: ten thousand who come back with it are verified in one second.
    const operator = this.#accessKey.principalOf(token);
    if (operator !== undefined) return operator;
    const principal = this.#others === undefined ? undefined : await this.#inTime(this.#others, token);
    if (principal === 'late') {
      this.#refusals.add({
        reason: 'timeout',
        detail: `It took longer than ${VERIFY_TIMEOUT_MS} ms to verify.`,
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
  detail: 'It is not the access key. JWTs are accepted with AUTH_JWT_SECRET or AUTH_JWKS_URL only.',
};
const BY_OTHER: TokenRefusal = {
  reason: 'other',
  detail: 'Neither the access key nor the authenticator accepts it.',
};
