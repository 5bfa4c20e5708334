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
  readonly #ways: readonly Authenticator[];
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
    const second = other ?? jwts;
    this.#ways = [new AccessKeyAuthenticator(accessKey), ...(second === undefined ? [] : [second])];
  }

  /** Fetches keys in the background: that they cannot be had is no reason not to start. */
  start(): void {
    this.#jwks?.start();
  }

  stop(): void {
    this.#jwks?.stop();
  }

  async verify(token: string): Promise<Principal | undefined> {
    const {promise: late, resolve} = Promise.withResolvers<undefined>();
    const cancel = this.#clock.after(VERIFY_TIMEOUT_MS, () => {
      this.#logger.warn({timeoutMs: VERIFY_TIMEOUT_MS}, 'a token took too long to verify and was refused');
      resolve(undefined);
    });
    try {
      return await Promise.race([this.#ask(token), late]);
    } finally {
      cancel();
    }
  }

  async #ask(token: string): Promise<Principal | undefined> {
    for (const way of this.#ways) {
      const principal = await way.verify(token);
      if (principal !== undefined) return principal;
    }
    return undefined;
  }
}
