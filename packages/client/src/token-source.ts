/** The token in use, and where another comes from. */
import type {ClientClock, ClientOptions, TokenReason} from './client-api.ts';
import {HookswitchError} from './errors.ts';

export interface TokenSource {
  /** Whether another token can be had. */
  readonly renewable: boolean;
  /** Milliseconds until another one should be asked for; `undefined` where the token does not say. */
  refreshInMs(): number | undefined;
  /**
   * The token in use, or a new one where that is what the reason asks for. Whoever asks while another is being
   * fetched gets that one.
   * @throws HookswitchError `token_failed`
   */
  get(reason: TokenReason): Promise<string>;
}

/** Long enough for a page that asks somebody to sign in again; what hangs must not hang us for good. */
const TOKEN_TIMEOUT_MS = 60_000;
/** The server announces a token's end 60 s before (A4); this is for one that does not. */
const EXPIRY_NOTICE_MS = 45_000;
/** Longer timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createTokenSource(
  {token, getToken}: Pick<ClientOptions, 'token' | 'getToken'>,
  clock: ClientClock,
): TokenSource {
  let asking: Promise<string> | undefined;
  const leftMs = () => expiryOf(token) * 1000 - clock.now();

  const ask = async (reason: TokenReason) => {
    let cancel = () => {};
    try {
      const timeout = new Promise<never>((_resolve, reject) => {
        cancel = clock.after(TOKEN_TIMEOUT_MS, () => reject(new Error('getToken did not answer')));
      });
      const answer: unknown = await Promise.race([getToken?.(reason), timeout]);
      if (typeof answer !== 'string') throw new TypeError('getToken gave no token');
      token = answer;
      return answer;
    } catch (cause) {
      throw new HookswitchError('token_failed', String(cause), {
        cause,
        retry: 'backoff',
        whatToDo: 'See its cause: getToken failed.',
      });
    } finally {
      cancel();
    }
  };

  return {
    renewable: getToken !== undefined,
    refreshInMs: () => {
      const ms = leftMs() - EXPIRY_NOTICE_MS;
      return ms > 0 && ms < MAX_TIMER_MS ? ms : undefined;
    },
    get: async (reason) => {
      const expired = leftMs() <= 0;
      if (token !== undefined && (getToken === undefined || (reason === 'start' && !expired))) return token;
      if (asking === undefined) {
        const forget = () => {
          asking = undefined;
        };
        asking = ask(token !== undefined && reason === 'start' ? 'expiring' : reason);
        // Not in the function itself, which may end before it is assigned.
        asking.then(forget, forget);
      }
      return asking;
    },
  };
}

/** `exp` of a JWT, seconds since 1970; not a number for anything else. */
function expiryOf(token = ''): number {
  try {
    return JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))).exp;
  } catch {
    return Number.NaN;
  }
}
