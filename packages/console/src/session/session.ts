/**
 * Who is signed in: from a key to a gateway that knows it. PublicEndpointProbe of React, so that it begins before the first render and
 * no re-render can begin it twice.
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
  /** Asking other tabs for the key, or the gateway whether it knows it; `entered`: somebody has just typed it. */
  | {readonly phase: 'opening'; readonly entered: boolean}
  /** The gateway could not say; the key is kept and it is asked again. */
  | {readonly phase: 'unreachable'; readonly error: ApiError; readonly retryAt: number}
  | OpenSession;

export interface OpenSession {
  readonly phase: 'open';
  readonly api: Api;
  readonly client: HookswitchClient;
  readonly info: GatewayInfo;
}

export interface SessionOptions {
  /** Where the gateway is, with a slash at its end. */
  readonly baseUrl: string;
  readonly keys: KeyStore;
  readonly tabs: OtherTabs;
  /** Set by what the gateway answers. */
  readonly clock: GatewayClock;
  readonly createClient: (token: string) => HookswitchClient;
  /** A session has ended: nothing of it may still be shown. */
  readonly onLeave: () => void;
  /** Somebody has signed out, here or in another tab: another person may be next. */
  readonly onSignOut: () => void;
  /** @default the browser's */
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

const NOT_ACCEPTED = 'This key was not accepted.';
const NO_LONGER_ACCEPTED = 'The key is no longer accepted. Sign in again.';
const RETRY_MS = 3000;
/** How long other tabs may take to answer before the key is asked for. A later answer still counts. */
const HAND_OVER_MS = 250;

export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  #state: SessionState = {phase: 'signed-out'};
  #attempt: AbortController | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Other tabs have been asked for the key, and may still answer in time. */
  #isAsking = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): SessionState => this.#state;

  /** Signs in with the key that this tab remembers, or that another tab has. */
  start(): void {
    const {keys, tabs} = this.#options;
    // Listen before reading: a later sign-out comes as a message, and the key store sees an earlier one.
    tabs.listen({
      onAsk: () => (this.#state.phase === 'open' ? keys.read() : undefined),
      onKey: (key) => {
        const {phase} = this.#state;
        if (phase === 'signed-out' || this.#isAsking) void this.signIn(key, {entered: false});
      },
      onSignedOut: () => this.#signOutHere(),
    });
    const key = keys.read();
    if (key !== undefined) {
      void this.signIn(key, {entered: false});
      return;
    }
    this.#isAsking = true;
    this.#show({phase: 'opening', entered: false});
    tabs.ask();
    this.#retry = setTimeout(() => {
      this.#isAsking = false;
      this.#show({phase: 'signed-out'});
    }, HAND_OVER_MS);
  }

  /** The page is back from the browser's cache: somebody may have signed out meanwhile. */
  readonly recheck = (): void => {
    if (this.#state.phase === 'open' && this.#options.keys.read() === undefined) this.#signOutHere();
  };

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

  /** Ends the connection and forgets the key, in all tabs of this browser. */
  signOut(): void {
    const {keys, tabs} = this.#options;
    // In this order: a tab that just opens either sees the count, or hears the message.
    keys.voidAll();
    tabs.tellSignedOut();
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

  /** Asks again at once. */
  readonly retry = (): void => {
    const key = this.#options.keys.read();
    if (this.#state.phase === 'unreachable' && key !== undefined) void this.signIn(key, {entered: false});
  };

  async #open(key: string, signal: AbortSignal): Promise<void> {
    const {baseUrl, fetch, createClient, clock, tabs} = this.#options;
    // Such a header cannot be sent, let alone be right.
    if (!/^[\x21-\x7e]+$/.test(key)) {
      this.#forget({phase: 'signed-out', reason: NOT_ACCEPTED});
      return;
    }
    const onUnauthorized = () => {
      if (!signal.aborted) this.#forget({phase: 'signed-out', reason: NO_LONGER_ACCEPTED});
    };
    const ask = new Api({baseUrl, key, ...(fetch && {fetch})});
    const askTime = () =>
      clock.read(
        () => ask.get(endpoints.info(), signal),
        (info) => Date.parse(info.now),
      );
    try {
      const info = await askTime();
      if (signal.aborted) return;
      const api = new Api({baseUrl, key, onUnauthorized, ...(fetch && {fetch})});
      const client = createClient(key);
      client.connection.subscribe(() => {
        const connection = client.connection.getSnapshot();
        if (connection.phase === 'stopped' && connection.why === 'unauthorized') onUnauthorized();
        // The machine may have slept meanwhile.
        if (connection.phase === 'live') void askTime().catch(ignore);
      });
      signal.addEventListener(
        'abort',
        clock.onDoubt(() => void askTime().catch(ignore)),
      );
      this.#show({phase: 'open', api, client, info});
      tabs.tellKey(key);
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
    this.#isAsking = false;
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

/** A reading of the clock that fails is repeated with the next connection. */
function ignore(): void {}
