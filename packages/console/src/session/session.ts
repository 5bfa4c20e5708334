/**
 * The sign-in: from a key to an open session. Independent of React, so that it starts before the first render
 * and no re-render can start it twice.
 */
import type {HookswitchClient} from '@hookswitch/client';
import type {GatewayInfo} from '@hookswitch/protocol';
import {Api} from '../api/api.ts';
import {type ApiError, toApiError} from '../api/api-error.ts';
import {endpoints} from '../api/endpoints.ts';
import type {GatewayClock} from '../gateway-clock.ts';
import type {KeyStore} from './access-key.ts';
import type {OtherTabs} from './other-tabs.ts';

export type SessionState =
  | {readonly phase: 'signed-out'; readonly reason?: string}
  /**
   * Waiting for a key from other tabs, or for the gateway to check it. `entered`: the user has just typed the
   * key.
   */
  | {readonly phase: 'opening'; readonly entered: boolean}
  /** The gateway could not check the key. The key is kept, and the request is repeated. */
  | {readonly phase: 'unreachable'; readonly error: ApiError; readonly retryAt: number}
  | OpenSession;

export interface OpenSession {
  readonly phase: 'open';
  readonly api: Api;
  readonly client: HookswitchClient;
  readonly info: GatewayInfo;
}

export interface SessionOptions {
  /** URL of the gateway, with a trailing slash. */
  readonly baseUrl: string;
  readonly keys: KeyStore;
  readonly tabs: OtherTabs;
  /** Started with the gateway's time, then driven by the client. */
  readonly clock: GatewayClock;
  readonly createClient: (token: string) => HookswitchClient;
  /** A session has ended, so its data must disappear. */
  readonly onLeave: () => void;
  /** The user has signed out, here or in another tab. The next user may be another person. */
  readonly onSignOut: () => void;
  /** @default the browser's */
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

const NOT_ACCEPTED = 'This key was not accepted.';
const NO_LONGER_ACCEPTED = 'The key is no longer accepted. Sign in again.';
const RETRY_MS = 3000;
/** How long to wait for other tabs before showing the login. A later response is still accepted. */
const HAND_OVER_MS = 250;

export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  #state: SessionState = {phase: 'signed-out'};
  #attempt: AbortController | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Waiting for other tabs to send the key. */
  #isAskingTabs = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): SessionState => this.#state;

  /** Signs in with the key of this tab, or of another tab. */
  start(): void {
    const {keys, tabs} = this.#options;
    // Listen before reading: a later sign-out arrives as a message, and the key store detects an earlier one.
    tabs.listen({
      onAsk: () => (this.#state.phase === 'open' ? keys.read() : undefined),
      onKey: (key) => {
        const {phase} = this.#state;
        if (phase === 'signed-out' || this.#isAskingTabs) void this.signIn(key, {entered: false});
      },
      onSignedOut: () => this.#signOutHere(),
    });
    const key = keys.read();
    if (key !== undefined) {
      void this.signIn(key, {entered: false});
      return;
    }
    this.#isAskingTabs = true;
    this.#show({phase: 'opening', entered: false});
    tabs.requestKey();
    this.#retry = setTimeout(() => {
      this.#isAskingTabs = false;
      this.#show({phase: 'signed-out'});
    }, HAND_OVER_MS);
  }

  /**
   * Call when the page is restored from the browser's cache, because the user may have signed out meanwhile.
   */
  readonly recheck = (): void => {
    if (this.#state.phase === 'open' && this.#options.keys.read() === undefined) this.#signOutHere();
  };

  /** Resolves when the key has been checked or the gateway is unreachable. The outcome is in the state. */
  async signIn(key: string, {entered = true}: {readonly entered?: boolean} = {}): Promise<void> {
    this.#leave();
    const attempt = new AbortController();
    this.#attempt = attempt;
    // Keep the key first: the URL no longer has it, and the gateway may be restarting.
    this.#options.keys.write(key);
    this.#show({phase: 'opening', entered});
    await this.#open(key, attempt.signal);
  }

  /** Closes the connection and deletes the key in all tabs of this browser. */
  signOut(): void {
    const {keys, tabs} = this.#options;
    // In this order, a tab that is just opening sees either the new count or the message.
    keys.invalidateAll();
    tabs.sendSignedOut();
    this.#signOutHere();
  }

  #signOutHere(): void {
    this.#forget({phase: 'signed-out'});
    this.#options.onSignOut();
  }

  #forget(state: Extract<SessionState, {phase: 'signed-out'}>): void {
    this.#leave();
    this.#options.keys.clear();
    this.#show(state);
  }

  /** Retries at once. */
  readonly retry = (): void => {
    const key = this.#options.keys.read();
    if (this.#state.phase === 'unreachable' && key !== undefined) void this.signIn(key, {entered: false});
  };

  async #open(key: string, signal: AbortSignal): Promise<void> {
    const {baseUrl, fetch, createClient, clock, tabs} = this.#options;
    // Such a key cannot be sent in a header.
    if (!/^[\x21-\x7e]+$/.test(key)) {
      this.#forget({phase: 'signed-out', reason: NOT_ACCEPTED});
      return;
    }
    const onUnauthorized = () => {
      if (!signal.aborted) this.#forget({phase: 'signed-out', reason: NO_LONGER_ACCEPTED});
    };
    try {
      const info = await new Api({baseUrl, key, ...(fetch && {fetch})}).get(endpoints.info(), signal);
      if (signal.aborted) return;
      clock.start(Date.parse(info.now));
      const api = new Api({baseUrl, key, onUnauthorized, ...(fetch && {fetch})});
      const client = createClient(key);
      client.connection.subscribe(() => {
        const connection = client.connection.getSnapshot();
        if (connection.phase === 'stopped' && connection.why === 'unauthorized') onUnauthorized();
        if (connection.phase === 'live') clock.follow(client);
      });
      this.#show({phase: 'open', api, client, info});
      tabs.sendKey(key);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toApiError(thrown);
      if (error.status === 401) this.#forget({phase: 'signed-out', reason: NOT_ACCEPTED});
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
    this.#isAskingTabs = false;
    this.#attempt?.abort();
    if (this.#state.phase !== 'open') return;
    void this.#state.client.dispose();
    this.#options.onLeave();
  }

  #show(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
