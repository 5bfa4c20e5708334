/** The options of a connection. */
import type {
  CallSnapshotMessage,
  CallStatusMessage,
  ErrorMessage,
  SessionReadyMessage,
} from '@hookswitch/protocol';
import type {ClientClock, ClientEnvironment, WebSocketConstructor} from './client-api.ts';
import type {ConnectionState} from './connection-state.ts';
import type {HookswitchError} from './errors.ts';
import type {TokenSource} from './token-source.ts';

/** The connection's port to the calls and the client. */
export interface ConnectionHandler {
  /** Returns the resume position as a query (`?epoch=…`), or an empty string. */
  resumeQuery(): string;
  /** @returns `false` if the stored calls belong to another user */
  onReady(session: SessionReadyMessage): boolean;
  onStatus(message: CallStatusMessage): void;
  /** @param fresh the session starts with this snapshot instead of the missed messages */
  onSnapshot(message: CallSnapshotMessage, epoch: string, fresh: boolean): void;
  /** The gateway has sent every message up to `offset`. */
  onOffset(offset: number): void;
  onForget(): void;
  /** The gateway sent a message at `timestamp`. @param first whether it opens a session */
  onTime(timestamp: string, first: boolean): void;
  onRefused(message: ErrorMessage): void;
  onFault(error: HookswitchError): void;
  onChange(state: ConnectionState): void;
}

export interface ConnectionOptions {
  /** The WebSocket's address, without a query. */
  readonly url: string;
  readonly tokens: TokenSource;
  readonly subscription: 'all' | readonly string[];
  readonly WebSocket: WebSocketConstructor;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly environment: ClientEnvironment;
  readonly handler: ConnectionHandler;
}
