/**
 * From an upgrade request to a session. Path, room, origin and token are checked in this order. A wrong path
 * and a gateway without room are answered before the upgrade. A wrong origin and a wrong token are answered
 * after it, because a browser cannot read why an upgrade failed, but it can read a close code and its reason
 * (A3).
 */
import type {IncomingMessage} from 'node:http';
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {
  BEARER_SUBPROTOCOL_PREFIX,
  type CloseReason,
  closeReasons,
  MAX_MESSAGE_BYTES,
  SUBPROTOCOL,
} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import {type ServerOptions, type WebSocket, WebSocketServer} from 'ws';
import {isAllowedOrigin, type OriginPolicy} from '../auth/allowed-origins.ts';
import type {Authenticator, Principal} from '../auth/authenticator.ts';
import {AppError, toAppError} from '../errors/app-error.ts';
import type {SessionService} from '../services/session-service.ts';
import type {Session, SessionPeer} from '../services/sessions/session.ts';
import type {ResumePoint} from '../services/sessions/session-delivery.ts';
import type {ClientAddress} from '../transport/client-address.ts';
import type {UpgradeHandler} from '../transport/http-listener.ts';
import {CLOSE_TIMEOUT_MS, WsSocket} from '../transport/ws-socket.ts';
import type {EventHandler} from './event-handler.ts';
import {answerOnSocket, answerWrongUpgrade} from './http/raw-socket-responses.ts';
import {bearerToken} from './http/request-context.ts';

export interface UpgradeHandlerOptions {
  readonly sessions: SessionService;
  readonly authenticator: Authenticator;
  readonly handleMessage: EventHandler;
  readonly logger: Logger;
  readonly clientAddress: ClientAddress;
  readonly origins: OriginPolicy;
  /** Path of PUBLIC_URL, for proxies that do not strip it. */
  readonly basePath: string;
}

const PATH = '/ws';

/** A message of 16 KiB in more pieces than this is not a message but an attack. */
const MAX_FRAGMENTS = 256;
const MAX_BUFFERED_CHUNKS = 4096;

/** Pongs to a peer that does not read them are not worth holding. */
const MAX_UNSENT_FOR_PONG_BYTES = 16_384;

/** Handles the HTTP server's `upgrade` event. */
export function createUpgradeHandler(options: UpgradeHandlerOptions): UpgradeHandler {
  // `closeTimeout` is newer than the library's published types.
  const serverOptions: ServerOptions & {closeTimeout: number} = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    // The token offered beside it is never echoed (A1).
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  };
  const wss = new WebSocketServer(serverOptions);
  wss.on('wsClientError', (fault, socket, request) =>
    answerWrongUpgrade(fault, socket, request, options.logger),
  );
  return (request, socket, head) => {
    socket.on('error', destroyOnError);
    upgrade(options, request)
      .then((admission) => {
        if (socket.destroyed) return;
        // Once more: while tokens were looked at, others came in, or a drain began. From here on it is one
        // turn.
        requireRoom(options.sessions);
        // One write: the answer to the upgrade, where the session stands, and what it missed.
        socket.cork();
        try {
          wss.handleUpgrade(request, socket, head, (ws) => {
            socket.off('error', destroyOnError);
            const peer = peerOf(request, options.clientAddress(request), ws.protocol);
            connect(options, ws, {...admission, stream: request.socket, peer});
          });
        } finally {
          socket.uncork();
        }
      })
      .catch((error: unknown) => answerOnSocket(socket, toAppError(error), options.logger));
  };
}

function destroyOnError(this: Duplex): void {
  this.destroy();
}

interface Admission {
  /** Of a page that is not allowed: its session is refused before anything else is asked. */
  readonly refusedOrigin?: string;
  /** Nobody: a token that is not valid. */
  readonly principal: Principal | undefined;
  /** Sessions of theirs at other nodes. */
  readonly elsewhere: number;
  readonly resume: ResumePoint | undefined;
}

/** @throws AppError for what is answered before the upgrade */
async function upgrade(
  {sessions, authenticator, origins, basePath}: UpgradeHandlerOptions,
  request: IncomingMessage,
): Promise<Admission> {
  const [path, query] = splitOnce(request.url ?? '', '?');
  if (path !== PATH && path !== basePath + PATH) {
    throw new AppError('not_found', 'Sessions are at /ws.', {context: {path: path.slice(0, 256)}});
  }
  requireRoom(sessions);
  if (!isAllowedOrigin(request, origins)) {
    const refusedOrigin = request.headers.origin ?? '';
    return {refusedOrigin, principal: undefined, elsewhere: 0, resume: undefined};
  }
  const token = bearerToken(request.headers.authorization) ?? tokenOf(offeredProtocols(request));
  const principal = token === undefined ? undefined : await authenticator.verify(token);
  const elsewhere = principal === undefined ? 0 : await sessions.countElsewhere(principal);
  return {principal, elsewhere, resume: resumePoint(query)};
}

function requireRoom(sessions: SessionService): void {
  if (sessions.hasRoom) return;
  throw new AppError('no_room', 'No more sessions are taken in here (MAX_SESSIONS, or it is going away).', {
    retryAfterS: 5,
  });
}

interface Arrived extends Admission {
  /** What the upgrade came on. */
  readonly stream: Socket;
  readonly peer: SessionPeer;
}

/**
 * What is kept of a connection while it is open is what the functions here refer to; the request with its
 * headers, which would be a third of what a session weighs, is not among it.
 */
function connect(options: UpgradeHandlerOptions, ws: WebSocket, arrived: Arrived): void {
  const {sessions, logger} = options;
  const {refusedOrigin, principal, elsewhere, resume, stream, peer} = arrived;
  const socket = new WsSocket(ws, stream);
  // `ws` closes by itself what is no WebSocket; how it closed is reported with its 'close'.
  ws.on('error', (error) => {
    logger.debug({err: error, address: peer.address}, 'session socket error');
    socket.limitClosing();
  });
  if (refusedOrigin !== undefined) refuseOrigin(socket, refusedOrigin, options, peer);
  else if (principal === undefined) refuse(socket, 'unauthorized');
  else if (!sessions.hasRoomFor(principal, elsewhere)) refuse(socket, 'too-many');
  else attend(options, ws, stream, sessions.open({socket, principal, peer, resume}));
}

/** Reports what happens to the socket of a session. */
function attend(
  {sessions, handleMessage}: UpgradeHandlerOptions,
  ws: WebSocket,
  stream: Socket,
  session: Session,
): void {
  ws.on('message', (data, isBinary) => void handleMessage(session, data as Buffer, isBinary));
  ws.on('ping', (data) => {
    if (!sessions.admitControlFrame(session)) return;
    if (stream.writableLength <= MAX_UNSENT_FOR_PONG_BYTES) ws.pong(data);
  });
  ws.on('pong', () => {
    if (sessions.admitControlFrame(session)) sessions.handleActivity(session, 'pong');
  });
  stream.on('drain', () => sessions.handleDrain(session));
  ws.on('close', (code) => sessions.handleClose(session, code));
}

/** Opens only to say why it closes. */
function refuse(adapter: WsSocket, reason: CloseReason): void {
  const {code, text} = closeReasons[reason];
  adapter.close(code, text);
}

/** RFC 6455, section 5.5: a control frame holds 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123;

function refuseOrigin(
  adapter: WsSocket,
  origin: string,
  {logger}: UpgradeHandlerOptions,
  {address}: SessionPeer,
): void {
  logger.info(
    {origin: origin.slice(0, 256), address},
    'upgrade refused: the origin is not in ALLOWED_ORIGINS',
  );
  const {code} = closeReasons.forbidden;
  adapter.close(code, originReason(origin));
}

/** Names the origin and the setting, so that the page can show what to do. */
function originReason(origin: string): string {
  const words = (name: string) => `Origin ${name} is not allowed. Add it to ALLOWED_ORIGINS.`;
  const room = MAX_REASON_BYTES - words('').length;
  // ASCII only, so that a character is a byte. No browser sends anything else.
  const name = origin.replaceAll(/[^\x21-\x7e]/g, '?') || '(empty)';
  return words(name.length > room ? `${name.slice(0, room - 3)}...` : name);
}

function offeredProtocols(request: IncomingMessage): readonly string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
}

function tokenOf(protocols: readonly string[]): string | undefined {
  const offered = protocols.find((protocol) => protocol.startsWith(BEARER_SUBPROTOCOL_PREFIX));
  return offered?.slice(BEARER_SUBPROTOCOL_PREFIX.length);
}

/** What is not a position in any journal counts as none: the session begins with a snapshot (W11). */
function resumePoint(query: string): ResumePoint | undefined {
  const parameters = new URLSearchParams(query);
  const epoch = parameters.get('epoch');
  const offset = parameters.get('offset');
  if (epoch === null || offset === null || !/^\d{1,15}$/.test(offset)) return undefined;
  return {epoch, offset: Number(offset)};
}

function peerOf(request: IncomingMessage, address: string, protocol: string): SessionPeer {
  return {
    address,
    origin: request.headers.origin?.slice(0, 256),
    protocol,
  };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
