/** The SDK's public types. */
import type {
  Call,
  CallMetadata,
  CallSource,
  CallStatus,
  CallStatusMessage,
  FailureReason,
  ProviderStatus,
} from '@hookswitch/protocol';
import type {ConnectionState} from './connection-state.ts';
import type {HookswitchError} from './errors.ts';

export type Unsubscribe = () => void;

/** A value and its change notifications: `useSyncExternalStore(store.subscribe, store.getSnapshot)`. Both work unbound. */
export interface ReadableStore<T> {
  /** Calls `listener` after every change. With a lazy client, the first subscriber connects. */
  readonly subscribe: (listener: () => void) => Unsubscribe;
  /** Returns the current value. The reference is stable until the value changes. Never connects. */
  readonly getSnapshot: () => T;
}

/** One change of a call. */
export interface TimelineEntry {
  readonly status: CallStatus;
  readonly providerStatus: ProviderStatus;
  readonly reason?: FailureReason;
  /** When the change happened, ISO 8601. */
  readonly timestamp: string;
  /** Where the information came from. Absent if it came from a snapshot or a lookup. */
  readonly source?: CallSource;
  readonly offset: number;
}

/**
 * The client's state of a call. `user` and `metadata` are known for calls that this client placed or received in a
 * snapshot, because `call.status` does not contain them.
 */
export interface CallState extends Readonly<Call> {
  /** The changes this client knows, oldest first. */
  readonly timeline: readonly TimelineEntry[];
  /** The call has ended and does not change anymore. */
  readonly ended: boolean;
  /**
   * The call ended between two connections. `status` is the last status received. The client looks up the outcome,
   * which may no longer be available.
   */
  readonly outcomeUnknown?: true;
}

/** The body of `POST /api/calls` (H1). */
export interface PlaceCallRequest {
  /** E.164, `client:…` or `sip:…`. */
  readonly to: string;
  readonly from?: string | undefined;
  readonly twiml?: string | undefined;
  readonly url?: string | undefined;
  /** Dials this second party once the first has answered. */
  readonly connectTo?: string | undefined;
  /** How long to let the phone ring, in seconds. */
  readonly timeout?: number | undefined;
  readonly record?: boolean | undefined;
  readonly machineDetection?: 'Enable' | 'DetectMessageEnd' | undefined;
  readonly metadata?: CallMetadata | undefined;
}

export interface PlaceOptions {
  /** @default a new key for every call of `place` */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DisconnectOptions {
  /** How long to wait for the call's end, in milliseconds. @default 30000 */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface EventsOptions {
  /** The number of messages buffered for a slow reader. @default 1000 */
  readonly buffer?: number | undefined;
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal | undefined;
}

export interface RequestOptions {
  /** @default GET, or POST if there is a body */
  readonly method?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Why the client requests a token. `expiring`: the current one expires soon. `unauthorized`: the gateway refused it. */
export type TokenReason = 'start' | 'expiring' | 'unauthorized';

/** The part of a WebSocket that the client uses. The global one and that of the `ws` package are compatible. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The part of `sessionStorage` that the client uses. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The clock and timers. Tests can inject their own. */
export interface ClientClock {
  /** Wall clock in milliseconds since 1970. It may jump. */
  now(): number;
  /** Milliseconds since a fixed moment. It never goes back. */
  monotonic(): number;
  /** Calls `fn` once after `delayMs`. Returns a function that cancels the timer. */
  after(delayMs: number, fn: () => void): () => void;
}

/** `suspend` and `resume`: the page enters or leaves the back/forward cache. */
export type EnvironmentEvent = 'online' | 'offline' | 'visible' | 'hidden' | 'suspend' | 'resume';

/** The network and visibility state of the page. */
export interface ClientEnvironment {
  readonly online: boolean;
  readonly visible: boolean;
  /** Reports changes until the returned function is called. */
  watch(listener: (event: EnvironmentEvent) => void): Unsubscribe;
}

/** Either a fixed token, such as the access key, or a function that returns tokens. */
export type ClientCredentials =
  | {readonly token: string; readonly getToken?: undefined}
  | {
      /**
       * Returns a token. The client calls it at the start, at half of the token's lifetime, and after the gateway
       * refused a token. If it fails, the client retries with back-off. White space and one pair of JSON quotes around
       * the token are removed.
       */
      readonly getToken: (reason: TokenReason) => string | Promise<string>;
      readonly token?: undefined;
    };

export type ClientOptions = ClientSettings & ClientCredentials;

export interface ClientSettings {
  /**
   * The gateway's http(s) address. A path is allowed, but no query, fragment or `/ws`. The client opens the WebSocket
   * at `<url>/ws` and sends requests to `<url>/api/…`.
   */
  readonly url: string | URL;
  /** `lazy`: the first subscriber, listener, iteration or action connects. `now`: at once. @default 'lazy' */
  readonly connect?: 'lazy' | 'now' | undefined;
  /** `session`: stored in `sessionStorage`, so that a reload resumes. @default 'memory' */
  readonly storage?: 'memory' | 'session' | undefined;
  /** Follow only these calls: a list of at most 100 call sids. @default 'all' */
  readonly calls?: 'all' | readonly string[] | undefined;
  /** Required in runtimes without a global WebSocket, such as Node 20: pass that of `ws`. @default the global one */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** @default the global one */
  readonly fetch?: typeof fetch | undefined;
  /** @default the system's clock */
  readonly clock?: ClientClock | undefined;
  /** Returns a number from 0 up to 1, used for jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** @default the page's environment; in Node, always online and visible */
  readonly environment?: ClientEnvironment | undefined;
  /** The storage used by `storage: 'session'`. @default sessionStorage */
  readonly sessionStorage?: KeyValueStorage | undefined;
}

export interface ClientEvents {
  /** Every `call.status` once, in order. A snapshot emits no event; `connection` then shows `recovered: false`. */
  readonly status: CallStatusMessage;
  readonly connection: ConnectionState;
  /** An error that is not the result of a request, such as a failed `getToken`. */
  readonly error: HookswitchError;
}

/**
 * Adds `[Symbol.asyncDispose]` in projects whose `lib` has it (`esnext.disposable`). Naming it directly would not
 * compile in other projects.
 */
type AsyncDisposeMethod = SymbolConstructor extends {readonly asyncDispose: infer Key extends symbol}
  ? {readonly [Name in Key]: () => Promise<void>}
  : unknown;

export type HookswitchClient = ClientMethods & AsyncDisposeMethod;

export interface ClientMethods {
  /** The calls in progress, newest first. An unchanged call keeps its object, and an unchanged list keeps its array. */
  readonly calls: ReadableStore<readonly CallState[]>;
  /** One call in progress, or one of the last 200 that ended. The same sid returns the same store. */
  call(callSid: string): ReadableStore<CallState | undefined>;
  readonly connection: ReadableStore<ConnectionState>;
  /**
   * The current time by the gateway's clock in milliseconds since 1970: `client.now() - Date.parse(call.answeredAt)`.
   * The browser's clock may be minutes off and may be changed while the page is open. Before the first session, this
   * is the machine's clock.
   */
  now(): number;
  /**
   * How many milliseconds the gateway's clock is ahead of this machine's clock, negative if it is behind. Changes when
   * `now()` is corrected by 250 ms or more.
   */
  readonly clockOffset: ReadableStore<number>;
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): Unsubscribe;
  /**
   * Iterates over every future `call.status`, once and in order. Ends with `dispose()` or the signal.
   * @throws HookswitchError `events_overflow` when the reader is too slow, `events_reset` when messages were lost
   *   (trimmed, or another journal), `stopped` when the client stops. Read `client.calls`, then iterate again.
   */
  events(options?: EventsOptions): AsyncIterable<CallStatusMessage>;
  /**
   * Places a call. Network errors, 503 and unknown outcomes are retried with the same key, so the client never dials
   * twice.
   * @throws HookswitchError whose `context.idempotencyKey` is the key for repeating the request
   */
  place(request: PlaceCallRequest, options?: PlaceOptions): Promise<Call>;
  /**
   * Ends a call in any state. Resolves when the client has seen the call end, not when the gateway accepts the command.
   * @throws HookswitchError `timeout`, `call_not_found`, `forbidden`, …
   */
  disconnect(callSid: string, options?: DisconnectOptions): Promise<CallState>;
  /**
   * Sends an authorized JSON request to the gateway's HTTP API, such as `/api/calls?status=ended`.
   * @throws HookswitchError
   */
  request<T>(path: string, options?: RequestOptions): Promise<T>;
  /** Connects now, or retries at once. Does nothing after `dispose()`. */
  connect(): void;
  /** Closes the connection, ends iterations and rejects pending requests. This is permanent. */
  dispose(): Promise<void>;
}
