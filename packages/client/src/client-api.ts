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

/** Something to look at and to be told of: `useSyncExternalStore(store.subscribe, store.getSnapshot)`. Both work unbound. */
export interface ReadableStore<T> {
  /** Calls `listener` after every change. With a lazy client, the first subscriber connects. */
  readonly subscribe: (listener: () => void) => Unsubscribe;
  /** The value now; the same reference until it changes. Never connects. */
  readonly getSnapshot: () => T;
}

/** One thing that happened to a call. */
export interface TimelineEntry {
  readonly status: CallStatus;
  readonly providerStatus: ProviderStatus;
  readonly reason?: FailureReason;
  /** When it happened, ISO 8601. */
  readonly timestamp: string;
  /** Who said so; absent where it is known from a snapshot or a look-up only. */
  readonly source?: CallSource;
  readonly offset: number;
}

/**
 * A call as the client knows it. `user` and `metadata` are known of calls that were placed here or came with a snapshot;
 * `call.status` does not carry them.
 */
export interface CallState extends Readonly<Call> {
  /** What happened to it since it is known here, oldest first. */
  readonly timeline: readonly TimelineEntry[];
  /** It is over: nothing changes it any more. */
  readonly ended: boolean;
  /**
   * It ended unseen, between two connections. `status` is the last that was seen; how it ended is being looked up, or
   * cannot be known any more.
   */
  readonly outcomeUnknown?: true;
}

/** What `POST /api/calls` takes (H1). */
export interface PlaceCallRequest {
  /** E.164, `client:…` or `sip:…`. */
  readonly to: string;
  readonly from?: string | undefined;
  readonly twiml?: string | undefined;
  readonly url?: string | undefined;
  /** Dials this second party once the first has answered. */
  readonly connectTo?: string | undefined;
  /** Seconds to let it ring. */
  readonly timeout?: number | undefined;
  readonly record?: boolean | undefined;
  readonly machineDetection?: 'Enable' | 'DetectMessageEnd' | undefined;
  readonly metadata?: CallMetadata | undefined;
}

export interface PlaceOptions {
  /** @default one of its own for every call of `place` */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DisconnectOptions {
  /** Milliseconds until the call must be seen to have ended. @default 30000 */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface EventsOptions {
  /** Messages kept for a slow reader. @default 1000 */
  readonly buffer?: number | undefined;
  /** Ends the iteration quietly. */
  readonly signal?: AbortSignal | undefined;
}

export interface RequestOptions {
  /** @default GET, or POST where there is a body */
  readonly method?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Why a token is asked for. `expiring`: the one in use expires soon; `unauthorized`: the gateway refused it. */
export type TokenReason = 'start' | 'expiring' | 'unauthorized';

/** What the client needs of a WebSocket. The global one and that of the `ws` package fit. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** What the client needs of `sessionStorage`. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Time as a port. */
export interface ClientClock {
  /** Wall clock, milliseconds since 1970; may jump. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  monotonic(): number;
  /** Calls `fn` once after `delayMs`; returns what cancels it. */
  after(delayMs: number, fn: () => void): () => void;
}

/** `suspend`, `resume`: into and out of the back/forward cache. */
export type EnvironmentEvent = 'online' | 'offline' | 'visible' | 'hidden' | 'suspend' | 'resume';

/** What the page's surroundings say. */
export interface ClientEnvironment {
  readonly online: boolean;
  readonly visible: boolean;
  /** Reports changes until the returned function is called. */
  watch(listener: (event: EnvironmentEvent) => void): Unsubscribe;
}

/** Either a fixed token, such as the access key, or a function that gives one. */
export type ClientCredentials =
  | {readonly token: string; readonly getToken?: undefined}
  | {
      /**
       * Asked for a token at the start, at half of the life of the one in use, and after one was refused; with back-off for as long
       * as it fails. White space and one pair of JSON quotes around the token are taken off.
       */
      readonly getToken: (reason: TokenReason) => string | Promise<string>;
      readonly token?: undefined;
    };

export type ClientOptions = ClientSettings & ClientCredentials;

export interface ClientSettings {
  /**
   * The gateway's http(s) address: path allowed, without query, fragment and `/ws`. The client opens the WebSocket at `<url>/ws` and
   * adds `/api/…` for requests.
   */
  readonly url: string | URL;
  /** `lazy`: the first subscriber, listener, iteration or act connects. @default 'lazy' */
  readonly connect?: 'lazy' | 'now' | undefined;
  /** `session`: kept in `sessionStorage`, so that a reload resumes. @default 'memory' */
  readonly storage?: 'memory' | 'session' | undefined;
  /** Only these calls, at most 100 sids. @default 'all' */
  readonly calls?: 'all' | readonly string[] | undefined;
  /** Needed where there is no global one, as in Node 20: that of the `ws` package. @default the global one */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** @default the global one */
  readonly fetch?: typeof fetch | undefined;
  /** @default the system's */
  readonly clock?: ClientClock | undefined;
  /** A number from 0 up to 1, for jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** @default the page's, or always online and visible */
  readonly environment?: ClientEnvironment | undefined;
  /** Where `storage: 'session'` keeps things. @default sessionStorage */
  readonly sessionStorage?: KeyValueStorage | undefined;
}

export interface ClientEvents {
  /** Every `call.status` once, in order. A snapshot says nothing here; `connection` then shows `recovered: false`. */
  readonly status: CallStatusMessage;
  readonly connection: ConnectionState;
  /** What went wrong and was not the answer to something asked for. */
  readonly error: HookswitchError;
}

/**
 * `[Symbol.asyncDispose]`, in projects whose `lib` has it (`esnext.disposable`). In others the types must not name it, because they
 * would not compile there.
 */
type AsyncDisposeMethod = SymbolConstructor extends {readonly asyncDispose: infer Key extends symbol}
  ? {readonly [Name in Key]: () => Promise<void>}
  : unknown;

export type HookswitchClient = ClientMethods & AsyncDisposeMethod;

export interface ClientMethods {
  /** The calls in progress, newest first. A call that did not change keeps its object, an unchanged list its array. */
  readonly calls: ReadableStore<readonly CallState[]>;
  /** One call, also one of the last 200 that ended while this client was looking. The same store for the same sid. */
  call(callSid: string): ReadableStore<CallState | undefined>;
  readonly connection: ReadableStore<ConnectionState>;
  /**
   * Milliseconds since 1970 by the gateway's clock, as well as it is known: `client.now() - Date.parse(call.answeredAt)`. The clock of a
   * browser's machine may be minutes off, and may be set while the page is open; this one follows the gateway's. Before the
   * first session it is this machine's.
   */
  now(): number;
  /**
   * How many milliseconds the gateway's clock is ahead of this machine's, negative if it is behind. Changes when `now()` is corrected
   * by 250 ms or more.
   */
  readonly clockOffset: ReadableStore<number>;
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): Unsubscribe;
  /**
   * Every `call.status` from now on, once, in order. Ends with `dispose()` or the signal.
   * @throws HookswitchError `events_overflow` when the reader is too slow, `events_reset` when entries were missed for good
   *   (trimmed, or another journal), `stopped` when the client stops: read `client.calls`, then iterate again
   */
  events(options?: EventsOptions): AsyncIterable<CallStatusMessage>;
  /**
   * Places a call. Safe to repeat: network errors, 503 and unknown outcomes are tried again under the same key.
   * @throws HookswitchError; its `context.idempotencyKey` is the key to go on with
   */
  place(request: PlaceCallRequest, options?: PlaceOptions): Promise<Call>;
  /**
   * Ends a call in whatever state it is; resolves when it is seen to have ended, not when the command was taken.
   * @throws HookswitchError `timeout`, `call_not_found`, `forbidden`, …
   */
  disconnect(callSid: string, options?: DisconnectOptions): Promise<CallState>;
  /**
   * An authorised JSON request to the gateway's HTTP API, such as `/api/calls?status=ended`.
   * @throws HookswitchError
   */
  request<T>(path: string, options?: RequestOptions): Promise<T>;
  /** Connects now, or tries again at once. After `dispose()` nothing. */
  connect(): void;
  /** Closes the connection, ends iterations, rejects what is pending. For good. */
  dispose(): Promise<void>;
}
