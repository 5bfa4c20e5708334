/** What `client.connection` shows: one state at a time, each with its own fields. */
import type {Scope} from '@hookswitch/protocol';

/** What every open session knows of itself. */
export interface SessionDetails {
  readonly sessionId: string;
  readonly user: string;
  readonly scopes: readonly Scope[];
  /** Names the journal's history. */
  readonly epoch: string;
  /**
   * Where this session began. Where it is now changes with every message and is not part of the state, so that
   * whoever shows the state is not told anew of each.
   */
  readonly offset: number;
  /** Nothing was missed since the session before; `false`: begun with a snapshot. */
  readonly recovered: boolean;
  /** Milliseconds between the server's signs of life. */
  readonly heartbeatMs: number;
}

/** Asking for a token, opening the socket, waiting for `session.ready`. */
export interface ConnectingState {
  readonly phase: 'connecting';
  readonly step: 'token' | 'socket';
  /** Attempts since the last session, this one included. */
  readonly attempt: number;
}

/** A session is open; what was missed, or the snapshot, is still coming in. */
export interface CatchingUpState extends SessionDetails {
  readonly phase: 'catching-up';
}

/** What is shown is what is. */
export interface LiveState extends SessionDetails {
  readonly phase: 'live';
}

/**
 * `closed`: the connection ended. `going-away`: the server restarts. `silent`: nothing came for too long. `timeout`: no session in
 * time. `token-failed`: `getToken` failed, took too long or returned something that is no token. `unauthorized`: the gateway refused the
 * token (4401), and another one is asked for. `offline`: the browser is. `suspended`: the page is in the back/forward cache.
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

/** There is no connection; another attempt follows by itself. */
export interface WaitingState {
  readonly phase: 'waiting';
  readonly why: WaitReason;
  /** Attempts that have failed since the last session. */
  readonly attempt: number;
  /** By this machine's clock, milliseconds since 1970; absent while only an event (online, page shown) ends the wait. */
  readonly retryAt?: number;
  /** The close code, where there was one. */
  readonly code?: number;
  /** The server said when to come back. */
  readonly hinted: boolean;
}

/**
 * `not-started`: nobody has asked for anything yet. `unauthorized`: the gateway refused the fixed `token` (4401); with `getToken` the
 * client goes on asking. `forbidden`: the gateway refused the user or the page's origin (4403). `protocol`: 1009 or 4400.
 * `cannot-open`: the WebSocket's constructor threw. `unsupported`: this runtime has no WebSocket. `disposed`: for good.
 */
export type StopReason =
  | 'not-started'
  | 'unauthorized'
  | 'forbidden'
  | 'protocol'
  | 'cannot-open'
  | 'unsupported'
  | 'disposed';

/** Nothing more happens by itself. `client.connect()` tries again, except after `dispose()`. */
export interface StoppedState {
  readonly phase: 'stopped';
  readonly why: StopReason;
  /** The close code, where there was one. */
  readonly code?: number;
  /** The gateway's or the runtime's own words, where there were any. */
  readonly reason?: string;
  /** What a person can do about it. */
  readonly whatToDo: string;
}

export type ConnectionState = ConnectingState | CatchingUpState | LiveState | WaitingState | StoppedState;
