/**
 * Holds the current token and requests new ones. The SDK does not read a token's expiry. The gateway announces the
 * expiry (`session.expiring`) and refuses an expired token, both by its own clock.
 */
import type {ClientClock, TokenReason} from './client-api.ts';
import type {CheckedOptions} from './client-options.ts';
import {HookswitchError} from './errors.ts';
import {parseToken} from './parse-token.ts';

export interface TokenSource {
  /** Whether `getToken` can provide another token. */
  readonly renewable: boolean;
  /**
   * Returns the current token, or requests one. Concurrent callers share one call of `getToken`.
   * @throws HookswitchError `token_failed`
   */
  get(): Promise<string>;
  /**
   * Requests a new token because the current one expires soon. The current token stays in use until then.
   * @throws HookswitchError `token_failed`
   */
  renew(): Promise<string>;
  /** Discards a token that the gateway refused, so that the next `get` requests another. A fixed token stays. */
  refuse(refused: string): void;
  /** Milliseconds since the current token was obtained. */
  ageMs(): number;
}

/** Long enough for a page that asks the user to sign in again. A `getToken` that takes longer has failed. */
const TOKEN_TIMEOUT_MS = 60_000;

export function createTokenSource(
  {token: fixed, getToken}: Pick<CheckedOptions, 'token' | 'getToken'>,
  clock: ClientClock,
): TokenSource {
  let token: string | undefined;
  let obtainedAt = 0;
  let asking: Promise<string> | undefined;
  /** The reason passed to the next call of `getToken`, unless it is a renewal. */
  let reason: TokenReason = 'start';

  const ask = async (why: TokenReason) => {
    let cancel = () => {};
    try {
      const timeout = new Promise<never>((_resolve, reject) => {
        cancel = clock.after(TOKEN_TIMEOUT_MS, () =>
          reject(new Error(`getToken did not respond within ${TOKEN_TIMEOUT_MS / 1000} s.`)),
        );
      });
      token =
        getToken === undefined
          ? parseToken(fixed, 'token')
          : parseToken(await Promise.race([getToken(why), timeout]), 'The result of getToken');
      obtainedAt = clock.monotonic();
      return token;
    } catch (cause) {
      throw new HookswitchError('token_failed', cause instanceof Error ? cause.message : String(cause), {
        cause,
        retry: getToken === undefined ? 'never' : 'backoff',
        whatToDo:
          getToken === undefined
            ? 'Create a client with a valid token.'
            : 'Check getToken and its endpoint. The client retries automatically.',
      });
    } finally {
      cancel();
    }
  };

  const share = (why: TokenReason) => {
    if (asking === undefined) {
      const forget = () => {
        asking = undefined;
      };
      asking = ask(why);
      // `ask` cannot do this itself, because it may finish before `asking` is assigned.
      asking.then(forget, forget);
    }
    return asking;
  };

  return {
    renewable: getToken !== undefined,
    get: async () => token ?? share(reason),
    renew: () => share('expiring'),
    refuse: (refused) => {
      if (getToken === undefined || token !== refused) return;
      token = undefined;
      reason = 'unauthorized';
    },
    ageMs: () => clock.monotonic() - obtainedAt,
  };
}
