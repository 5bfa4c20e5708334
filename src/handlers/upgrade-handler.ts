/**
 * Turns an upgrade request into a session. Path, capacity, origin and token are checked in this order. A wrong path and a
 * lack of capacity are answered before the upgrade. A wrong origin and an invalid token are answered after it with a close
 * code, because a browser cannot read why an upgrade failed, but it can read a close code and its reason (A3).
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
import type {Authenticator} from '../auth/authenticator.ts';
import {AppError, toAppError} from '../errors/app-error.ts';
import {withoutBasePath} from '../network/base-path.ts';
import type {Admission, AdmissionVerdict, SessionService} from '../services/session-service.ts';
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
  /** Path of PUBLIC_URL; empty if it has none. */
  readonly basePath: string;
}

const PATH = '/ws';

/** A message of 16 KiB in more fragments than this is considered an attack. */
const MAX_FRAGMENTS = 256;
const MAX_BUFFERED_CHUNKS = 4096;

/** Above this amount of unsent data no pongs are sent, because the peer is not reading them. */
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
    // The token, which is offered as another subprotocol, is never echoed (A1).
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  };
  const wss = new WebSocketServer(serverOptions);
  wss.on('wsClientError', (fault, socket, request) =>
    answerWrongUpgrade(fault, socket, request, options.logger),
  );
  return (request, socket, head) => {
    socket.on('error', destroyOnError);
    checkUpgrade(options, request)
      .then(({admission, refusedOrigin, resume}) => {
        if (socket.destroyed) return;
        // From here on everything happens in one turn, so that the verdict still holds when the session opens.
        const verdict = admission.confirm();
        // One write for the upgrade response, the session's position and the missed entries.
        socket.cork();
        try {
          wss.handleUpgrade(request, socket, head, (ws) => {
            socket.off('error', destroyOnError);
            const peer = peerOf(request, options.clientAddress(request), ws.protocol);
            connect(options, ws, {verdict, refusedOrigin, resume, stream: request.socket, peer});
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

interface CheckedUpgrade {
  readonly admission: Admission;
  /** The origin of a page that is not allowed. Its token is not verified. */
  readonly refusedOrigin: string | undefined;
  readonly resume: ResumePoint | undefined;
}

/** @throws AppError for errors that are answered before the upgrade */
async function checkUpgrade(
  {sessions, authenticator, origins, basePath}: UpgradeHandlerOptions,
  request: IncomingMessage,
): Promise<CheckedUpgrade> {
  const [path, query] = splitOnce(request.url ?? '', '?');
  if (withoutBasePath(path, basePath) !== PATH) {
    throw new AppError('not_found', 'Sessions are at /ws.', {context: {path: path.slice(0, 256)}});
  }
  const refusedOrigin = isAllowedOrigin(request, origins) ? undefined : (request.headers.origin ?? '');
  const admission = await sessions.admit(async () => {
    if (refusedOrigin !== undefined) return undefined;
    const token = bearerToken(request.headers.authorization) ?? tokenOf(offeredProtocols(request));
    return token === undefined ? undefined : authenticator.verify(token);
  });
  return {admission, refusedOrigin, resume: resumePoint(query)};
}

interface Upgraded extends Omit<CheckedUpgrade, 'admission'> {
  readonly verdict: AdmissionVerdict;
  /** The stream of the upgrade. */
  readonly stream: Socket;
  readonly peer: SessionPeer;
}

/**
 * Opens the session or refuses it. Everything that the listeners here reference stays in memory as long as the connection.
 * The request with its headers is not referenced, because it would be a third of a session's memory.
 */
function connect(
  options: UpgradeHandlerOptions,
  ws: WebSocket,
  {verdict, refusedOrigin, resume, stream, peer}: Upgraded,
): void {
  const {sessions, logger} = options;
  const socket = new WsSocket(ws, stream);
  // `ws` itself closes connections with invalid frames. The 'close' event has the code.
  ws.on('error', (error) => {
    logger.debug({err: error, address: peer.address}, 'session socket error');
    socket.limitClosing();
  });
  if (refusedOrigin !== undefined) refuseOrigin(socket, refusedOrigin, options, peer);
  else if (verdict.kind === 'refused') refuse(socket, verdict.reason);
  else
    attachSession(options, ws, stream, sessions.open({socket, principal: verdict.principal, peer, resume}));
}

/** Reports the socket's events to the session service. */
function attachSession(
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

/** Closes the new connection with a reason. */
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

/** Contains the origin and the setting, so that the page can show the next step. */
function originReason(origin: string): string {
  const reason = (name: string) => `Origin ${name} is not allowed. Add it to ALLOWED_ORIGINS.`;
  const room = MAX_REASON_BYTES - reason('').length;
  // ASCII only, so that each character is one byte. Browsers send nothing else.
  const name = origin.replaceAll(/[^\x21-\x7e]/g, '?') || '(empty)';
  return reason(name.length > room ? `${name.slice(0, room - 3)}...` : name);
}

function offeredProtocols(request: IncomingMessage): readonly string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
}

function tokenOf(protocols: readonly string[]): string | undefined {
  const offered = protocols.find((protocol) => protocol.startsWith(BEARER_SUBPROTOCOL_PREFIX));
  return offered?.slice(BEARER_SUBPROTOCOL_PREFIX.length);
}

/** A position in a journal; `undefined` if it is invalid, so that the session begins with a snapshot (W11). */
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
