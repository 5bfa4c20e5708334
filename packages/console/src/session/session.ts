/**
 * Who is signed in: from a key to a gateway that knows it. Outside of React, so that it begins before the first render and
 * no re-render can begin it twice.
 */
import type {HookswitchClient} from '@hookswitch/client';
import type {GatewayInfo} from '@hookswitch/protocol';
import {Api} from '../api/api.ts';
import {type ApiError, toApiError} from '../api/api-error.ts';
import {endpoints} from '../api/endpoints.ts';
import type {KeyStore} from './access-key.ts';

export type SessionState =
  | {readonly phase: 'signed-out'; readonly reason?: string}
  /** Asking the gateway whether it knows the key; `entered`: somebody has just typed it. */
  | {readonly phase: 'opening'; readonly entered: boolean}
  /** The gateway could not say; the key is kept and it is asked again. */
  | {readonly phase: 'unreachable'; readonly error: ApiError; readonly retryAt: number}
  | OpenSession;

export interface OpenSession {
  readonly phase: 'open';
  readonly api: Api;
  readonly client: HookswitchClient;
  readonly info: GatewayInfo;
  /** Add to this machine's clock to get the gateway's, in milliseconds. */
  readonly clockOffsetMs: number;
}

export interface SessionOptions {
  /** Where the gateway is, with a slash at its end. */
  readonly baseUrl: string;
  readonly keys: KeyStore;
  readonly createClient: (token: string) => HookswitchClient;
  /** @default the browser's */
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

const NOT_ACCEPTED = 'This key was not accepted.';
const NO_LONGER_ACCEPTED = 'The key is no longer accepted. Sign in again.';
const RETRY_MS = 3000;

export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  #state: SessionState = {phase: 'signed-out'};
  #attempt: AbortController | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): SessionState => this.#state;

  /** Goes on with the key that is remembered, if there is one. */
  start(): void {
    const key = this.#options.keys.read();
    if (key !== undefined) void this.signIn(key, {entered: false});
  }

  /** Resolves when it is known whether the key is good, or that nobody can say; the state has the outcome. */
  async signIn(key: string, {entered = true}: {readonly entered?: boolean} = {}): Promise<void> {
    this.#leave();
    const attempt = new AbortController();
    this.#attempt = attempt;
    // A gateway that restarts while the page asks shall not cost the key that the address no longer has.
    this.#options.keys.write(key);
    this.#show({phase: 'opening', entered});
    await this.#open(key, attempt.signal);
  }

  /** Ends the connection and forgets the key. */
  signOut(reason?: string): void {
    this.#leave();
    this.#options.keys.clear();
    this.#show(reason === undefined ? {phase: 'signed-out'} : {phase: 'signed-out', reason});
  }

  /** Asks again at once. */
  readonly retry = (): void => {
    const key = this.#options.keys.read();
    if (this.#state.phase === 'unreachable' && key !== undefined) void this.signIn(key, {entered: false});
  };

  async #open(key: string, signal: AbortSignal): Promise<void> {
    const {baseUrl, fetch, createClient, now = Date.now} = this.#options;
    // Such a header cannot be sent, let alone be right.
    if (!/^[\x21-\x7e]+$/.test(key)) {
      this.signOut(NOT_ACCEPTED);
      return;
    }
    const onUnauthorized = () => {
      if (!signal.aborted) this.signOut(NO_LONGER_ACCEPTED);
    };
    const ask = new Api({baseUrl, key, ...(fetch && {fetch})});
    const askedAt = now();
    try {
      const info = await ask.get(endpoints.info(), signal);
      if (signal.aborted) return;
      // The answer was written about half way between question and answer.
      const clockOffsetMs = Date.parse(info.now) - (askedAt + now()) / 2;
      const api = new Api({baseUrl, key, onUnauthorized, ...(fetch && {fetch})});
      const client = createClient(key);
      client.connection.subscribe(() => {
        const connection = client.connection.getSnapshot();
        if (connection.phase === 'stopped' && connection.why === 'unauthorized') onUnauthorized();
      });
      this.#show({phase: 'open', api, client, info, clockOffsetMs});
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toApiError(thrown);
      if (error.status === 401) this.signOut(NOT_ACCEPTED);
      else this.#waitFor(error);
    }
  }

  #waitFor(error: ApiError): void {
    const {now = Date.now} = this.#options;
    this.#show({phase: 'unreachable', error, retryAt: now() + RETRY_MS});
    this.#retry = setTimeout(this.retry, RETRY_MS);
  }

  #leave(): void {
    clearTimeout(this.#retry);
    this.#attempt?.abort();
    if (this.#state.phase === 'open') void this.#state.client.dispose();
  }

  #show(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
