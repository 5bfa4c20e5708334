/** The token in use, and where another comes from. */
import type {ClientClock, ClientOptions, TokenReason} from './client-api.ts';
import {HookswitchError} from './errors.ts';

export type TokenSourceOptions = Pick<ClientOptions, 'token' | 'getToken'> & {readonly clock: ClientClock};

/** Long enough for a page that asks somebody to sign in again; what hangs must not hang us for good. */
const TOKEN_TIMEOUT_MS = 60_000;

export class TokenSource {
  readonly #getToken: ClientOptions['getToken'];
  readonly #clock: ClientClock;
  #token: string | undefined;
  #asking: Promise<string> | undefined;

  constructor({token, getToken, clock}: TokenSourceOptions) {
    this.#token = token;
    this.#getToken = getToken;
    this.#clock = clock;
  }

  /** Whether another token can be had. */
  get renewable(): boolean {
    return this.#getToken !== undefined;
  }

  /** Milliseconds until the token runs out; `undefined` where it does not say. */
  get expiresInMs(): number | undefined {
    const exp = expiryOf(this.#token ?? '');
    return exp === undefined ? undefined : exp * 1000 - this.#clock.now();
  }

  /**
   * The token in use, or a new one where that is what the reason asks for. Whoever asks while another is being
   * fetched gets that one.
   * @throws HookswitchError `token_failed`
   */
  async get(reason: TokenReason): Promise<string> {
    const getToken = this.#getToken;
    const expired = (this.expiresInMs ?? 1) <= 0;
    if (this.#token !== undefined && (getToken === undefined || (reason === 'start' && !expired)))
      return this.#token;
    if (this.#asking === undefined) {
      const forget = () => {
        this.#asking = undefined;
      };
      this.#asking = this.#ask(reason === 'start' && expired ? 'expiring' : reason);
      // Not in the function itself, which may end before it is assigned.
      this.#asking.then(forget, forget);
    }
    return this.#asking;
  }

  async #ask(reason: TokenReason): Promise<string> {
    let cancel = () => {};
    try {
      const timeout = new Promise<never>((_resolve, reject) => {
        cancel = this.#clock.after(TOKEN_TIMEOUT_MS, () => reject(new Error('getToken did not answer')));
      });
      const token: unknown = await Promise.race([this.#getToken?.(reason), timeout]);
      if (typeof token !== 'string' || token === '') throw new TypeError('getToken gave no token');
      this.#token = token;
      return token;
    } catch (cause) {
      throw new HookswitchError('token_failed', `No token: ${String(cause)}`, {
        cause,
        retry: 'backoff',
        whatToDo: 'See its cause: getToken failed.',
      });
    } finally {
      cancel();
    }
  }
}

/** `exp` of a JWT, seconds since 1970; `undefined` for anything else. */
function expiryOf(token: string): number | undefined {
  try {
    const payload = token.split('.')[1] ?? '';
    const {exp}: {exp?: unknown} = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof exp === 'number' ? exp : undefined;
  } catch {
    return undefined;
  }
}
