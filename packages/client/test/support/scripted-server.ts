/** A scripted server, for messages that the real gateway never sends, such as those of a newer version. */
import {once} from 'node:events';
import type {IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import {SUBPROTOCOL} from '@hookswitch/protocol';
import {type WebSocket, WebSocketServer} from 'ws';

export interface ScriptedSession {
  readonly socket: WebSocket;
  /** Path and query of the upgrade. */
  readonly url: string;
  readonly token: string;
  /** The messages that the client has sent. */
  readonly received: {readonly type: string; readonly token?: string}[];
  readonly send: (message: object) => void;
}

export class ScriptedServer implements AsyncDisposable {
  readonly #server: WebSocketServer;
  readonly sessions: ScriptedSession[] = [];

  private constructor(onSession: (session: ScriptedSession, index: number) => void) {
    this.#server = new WebSocketServer({port: 0, host: '127.0.0.1', handleProtocols: () => SUBPROTOCOL});
    this.#server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
      const session: ScriptedSession = {
        socket,
        url: request.url ?? '',
        token: request.headers['sec-websocket-protocol']?.split('hookswitch.bearer.')[1] ?? '',
        received: [],
        send: (message) => socket.send(JSON.stringify(message)),
      };
      socket.on('message', (data) => session.received.push(JSON.parse((data as Buffer).toString())));
      this.sessions.push(session);
      onSession(session, this.sessions.length - 1);
    });
  }

  static async start(onSession: (session: ScriptedSession, index: number) => void): Promise<ScriptedServer> {
    const server = new ScriptedServer(onSession);
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/base/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const {socket} of this.sessions) socket.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

const timestamp = '2026-01-01T00:00:00.000Z';

export function ready(fields: object = {}) {
  return {
    type: 'session.ready',
    sessionId: 's1',
    epoch: 'e1',
    offset: 5,
    recovered: false,
    heartbeatMs: 1000,
    user: 'anna',
    scopes: ['calls:read'],
    timestamp,
    ...fields,
  };
}

export function call(number: number, fields: object = {}) {
  return {
    callSid: `CA${number}`,
    status: 'ringing',
    providerStatus: 'ringing',
    direction: 'inbound',
    from: '+15550100001',
    to: '+15550100002',
    createdAt: timestamp,
    updatedAt: timestamp,
    offset: number,
    ...fields,
  };
}

export function snapshot(offset: number, calls: readonly object[] = []) {
  return {type: 'call.snapshot', offset, calls};
}

export function status(number: number, offset: number, fields: object = {}) {
  const {createdAt: _createdAt, updatedAt: _updatedAt, ...shared} = call(number);
  return {type: 'call.status', ...shared, timestamp, source: 'callback', ...fields, offset};
}
