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

/** What AUTH_* say; at most one of secret and URL. */
export interface JwtConfiguration {
  readonly jwtSecret?: string;
  readonly jwksUrl?: string;
  readonly issuer?: string;
  readonly audience?: string;
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
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor({accessKey, jwt, other, clock, logger}: AuthenticationOptions) {
    const {jwtSecret, jwksUrl, issuer, audience} = jwt;
    this.#clock = clock;
    this.#logger = logger;
    this.#jwks =
      jwksUrl === undefined || other !== undefined ? undefined : new JwksKeys({url: jwksUrl, clock, logger});
    const keys: KeySource | undefined = jwtSecret === undefined ? this.#jwks : new SharedSecret(jwtSecret);
    const jwts = keys && new JwtAuthenticator({keys, issuer, audience, clock, logger});
    this.#others = other ?? jwts;
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
    if (operator !== undefined || this.#others === undefined) return operator;
    const {promise: late, resolve} = Promise.withResolvers<undefined>();
    const cancel = this.#clock.after(VERIFY_TIMEOUT_MS, () => {
      this.#logger.warn({timeoutMs: VERIFY_TIMEOUT_MS}, 'a token took too long to verify and was refused');
      resolve(undefined);
    });
    try {
      return await Promise.race([this.#others.verify(token), late]);
    } finally {
      cancel();
    }
  }
}
