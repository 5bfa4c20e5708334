/**
 * The token in use, and where another comes from. What a token says of its own end is not read: the gateway announces it
 * (`session.expiring`), and refuses one that has ended.
 */
import type {ClientClock, ClientOptions, TokenReason} from './client-api.ts';
import {HookswitchError} from './errors.ts';

export interface TokenSource {
  /** Whether another token can be had. */
  readonly renewable: boolean;
  /**
   * The token in use, or a new one where that is what the reason asks for. Whoever asks while another is being
   * fetched gets that one.
   * @throws HookswitchError `token_failed`
   */
  get(reason: TokenReason): Promise<string>;
}

/** Long enough for a page that asks somebody to sign in again; what hangs must not hang us for good. */
const TOKEN_TIMEOUT_MS = 60_000;

export function createTokenSource(
  {token, getToken}: Pick<ClientOptions, 'token' | 'getToken'>,
  clock: ClientClock,
): TokenSource {
  let asking: Promise<string> | undefined;

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
    get: async (reason) => {
      if (token !== undefined && (getToken === undefined || reason === 'start')) return token;
      if (asking === undefined) {
        const forget = () => {
          asking = undefined;
        };
        asking = ask(reason);
        // Not in the function itself, which may end before it is assigned.
        asking.then(forget, forget);
      }
      return asking;
    },
  };
}
