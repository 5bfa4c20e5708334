/** A WebSocket to the gateway and the state of its session. */
import {BEARER_SUBPROTOCOL_PREFIX, type ClientMessage, SUBPROTOCOL} from '@hookswitch/protocol';
import type {Unsubscribe, WebSocketLike} from './client-api.ts';
import type {ConnectionOptions} from './connection-options.ts';
import type {SessionDetails} from './connection-state.ts';
import type {MachineEvent} from './machine.ts';

export interface Link {
  readonly socket: WebSocketLike;
  /** The token that opened the session, or last refreshed it. */
  token: string;
  session?: SessionDetails;
  hasSnapshot?: true;
  /** When the last message arrived, monotonic ms. */
  receivedAt: number;
  /** When the last message was sent, monotonic ms. */
  sentAt: number;
  /** When to reconnect, monotonic ms, if the server announced its restart. */
  reconnectAt?: number;
  cancelCheck?: Unsubscribe;
  cancelRenewal?: Unsubscribe;
}

/** The state that the parts of a connection share. */
export interface ConnectionContext extends ConnectionOptions {
  readonly dispatch: (event: MachineEvent) => void;
  /** The current socket, if there is one. */
  link?: Link | undefined;
}

/** Throws whatever the WebSocket constructor throws. */
export function openLink(
  context: ConnectionContext,
  token: string,
  onMessage: (context: ConnectionContext, link: Link, data: string) => void,
  onClose: (link: Link, code: number, reason: string) => void,
): Link {
  const {clock} = context;
  const socket = new context.WebSocket(context.url + context.handler.resumeQuery(), [
    SUBPROTOCOL,
    BEARER_SUBPROTOCOL_PREFIX + token,
  ]);
  const openedAt = clock.monotonic();
  const link: Link = {socket, token, receivedAt: openedAt, sentAt: openedAt};
  // The close event reports the failure. Without an error listener, the ws package throws.
  socket.onerror = () => {};
  socket.onmessage = ({data}: {readonly data: unknown}) => {
    link.receivedAt = clock.monotonic();
    if (typeof data === 'string') onMessage(context, link, data);
  };
  socket.onclose = ({code, reason}: {readonly code: number; readonly reason: string}) =>
    onClose(link, code, reason);
  return link;
}

/** Closes the current socket, cancels its timers and ignores its further events. */
export function closeLink(context: ConnectionContext): void {
  const {link} = context;
  context.link = undefined;
  if (link === undefined) return;
  link.cancelCheck?.();
  link.cancelRenewal?.();
  const {socket} = link;
  socket.onmessage = socket.onclose = null;
  socket.close(1000);
}

/** Sends a message on the current socket, if there is one. */
export function send({link, clock}: ConnectionContext, message: ClientMessage): void {
  if (link === undefined) return;
  link.sentAt = clock.monotonic();
  link.socket.send(JSON.stringify(message));
}
