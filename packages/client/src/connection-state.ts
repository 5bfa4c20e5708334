/** The states of `client.connection`. There is one state at a time, and each has its own fields. */
import type {Scope} from '@hookswitch/protocol';

/** Details of an open session. */
export interface SessionDetails {
  readonly sessionId: string;
  readonly user: string;
  readonly scopes: readonly Scope[];
  /** Identifies the journal's history. */
  readonly epoch: string;
  /**
   * The journal offset at which this session started. The current offset is not part of the state, because it
   * changes with every message and would notify every subscriber each time.
   */
  readonly offset: number;
  /** `true`: nothing was missed since the previous session. `false`: the session started with a snapshot. */
  readonly recovered: boolean;
  /** Milliseconds between the server's heartbeats. */
  readonly heartbeatMs: number;
}

/** The client requests a token, opens the socket or waits for `session.ready`. */
export interface ConnectingState {
  readonly phase: 'connecting';
  readonly step: 'token' | 'socket';
  /** The number of attempts since the last session, including this one. */
  readonly attempt: number;
}

/** A session is open, and the client is still receiving missed messages or the snapshot. */
export interface CatchingUpState extends SessionDetails {
  readonly phase: 'catching-up';
}

/** The displayed calls are up to date. */
export interface LiveState extends SessionDetails {
  readonly phase: 'live';
}

/**
 * Why the client waits:
 * - `closed`: the connection ended.
 * - `going-away`: the server restarts.
 * - `silent`: the server sent nothing for too long.
 * - `timeout`: the session did not open in time.
 * - `token-failed`: `getToken` failed, took too long or returned a value that is not a token.
 * - `unauthorized`: the gateway refused the token (4401), and the client requests another token.
 * - `offline`: the browser is offline.
 * - `suspended`: the page is in the back/forward cache.
 */
export type WaitReason =
  | 'closed'
  | 'going-away'
  | 'silent'
  | 'timeout'
  | 'token-failed'
  | 'unauthorized'
  | 'offline'
  | 'suspended';

/** There is no connection. The client retries automatically. */
export interface WaitingState {
  readonly phase: 'waiting';
  readonly why: WaitReason;
  /** The number of failed attempts since the last session. */
  readonly attempt: number;
  /**
   * When the client retries: milliseconds since 1970 by this machine's clock. Absent while only an event ends the
   * wait, such as the browser going online.
   */
  readonly retryAt?: number;
  /** The WebSocket close code, if there was one. */
  readonly code?: number;
  /** The server specified when to reconnect. */
  readonly hinted: boolean;
}

/**
 * Why the client stopped:
 * - `not-started`: nothing has requested a connection yet.
 * - `unauthorized`: the gateway refused the fixed `token` (4401). With `getToken`, the client keeps retrying.
 * - `forbidden`: the gateway refused the user or the page's origin (4403).
 * - `protocol`: the gateway closed the connection with 1009 or 4400.
 * - `cannot-open`: the WebSocket constructor threw.
 * - `unsupported`: this runtime has no WebSocket.
 * - `disposed`: `dispose()` was called. This is permanent.
 */
export type StopReason =
  | 'not-started'
  | 'unauthorized'
  | 'forbidden'
  | 'protocol'
  | 'cannot-open'
  | 'unsupported'
  | 'disposed';

/** The client does not retry. `client.connect()` tries again, except after `dispose()`. */
export interface StoppedState {
  readonly phase: 'stopped';
  readonly why: StopReason;
  /** The WebSocket close code, if there was one. */
  readonly code?: number;
  /** The reason given by the gateway or the runtime, if any. */
  readonly reason?: string;
  /** The next step for a person, in one sentence. */
  readonly whatToDo: string;
}

export type ConnectionState = ConnectingState | CatchingUpState | LiveState | WaitingState | StoppedState;
