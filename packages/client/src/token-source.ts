/**
 * The token in use, and where another comes from. The SDK does not read a token's own expiry: the gateway announces it
 * (`session.expiring`) and refuses a token that has expired, both by the gateway's clock.
 */
import type {ClientClock, TokenReason} from './client-api.ts';
import type {CheckedOptions} from './client-options.ts';
import {HookswitchError} from './errors.ts';
import {parseToken} from './parse-token.ts';

export interface TokenSource {
  /** Whether `getToken` can give another token. */
  readonly renewable: boolean;
  /**
   * The token in use, or a new one if there is none. Concurrent callers share one call of `getToken`.
   * @throws HookswitchError `token_failed`
   */
  get(): Promise<string>;
  /** A new token, because the one in use expires. The old one stays in use until then. @throws HookswitchError `token_failed` */
  renew(): Promise<string>;
  /** The gateway refused this token: the next `get` asks for another. A fixed token stays. */
  refuse(refused: string): void;
  /** Milliseconds since the token in use was obtained. */
  ageMs(): number;
}

/** Long enough for a page that asks the user to sign in again. A `getToken` that hangs counts as failed. */
const TOKEN_TIMEOUT_MS = 60_000;

export function createTokenSource(
  {token: fixed, getToken}: Pick<CheckedOptions, 'token' | 'getToken'>,
  clock: ClientClock,
): TokenSource {
  let token: string | undefined;
  let obtainedAt = 0;
  let asking: Promise<string> | undefined;
  /** Why the next token is asked for, unless it is a renewal. */
  let reason: TokenReason = 'start';

  const ask = async (why: TokenReason) => {
    let cancel = () => {};
    try {
      const timeout = new Promise<never>((_resolve, reject) => {
        cancel = clock.after(TOKEN_TIMEOUT_MS, () =>
          reject(new Error(`getToken did not answer within ${TOKEN_TIMEOUT_MS / 1000} s.`)),
        );
      });
      token =
        getToken === undefined
          ? parseToken(fixed, 'token')
          : parseToken(await Promise.race([getToken(why), timeout]), 'The answer of getToken');
      obtainedAt = clock.monotonic();
      return token;
    } catch (cause) {
      throw new HookswitchError('token_failed', cause instanceof Error ? cause.message : String(cause), {
        cause,
        retry: getToken === undefined ? 'never' : 'backoff',
        whatToDo:
          getToken === undefined
            ? 'Create a client with a valid token.'
            : 'Check getToken and its endpoint. The client keeps asking.',
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
      // Not in `ask` itself, which may end before `asking` is assigned.
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
