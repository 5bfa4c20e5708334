/**
 * Listens in place of a gateway that is not running while the doctor checks PUBLIC_URL. Answers the doctor's
 * requests and returns 503 to everybody else, so that Twilio retries its webhooks.
 */
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {Socket} from 'node:net';
import {closeReasons, SUBPROTOCOL} from '@hookswitch/protocol';
import {WebSocketServer} from 'ws';
import {withoutBasePath} from '../network/base-path.ts';
import type {IdentityChallenge} from '../services/health/identity-challenge.ts';

export interface DoctorListenerOptions {
  readonly port: number;
  readonly host?: string;
  /** Path of PUBLIC_URL; empty when it has none. */
  readonly basePath: string;
  readonly identity: IdentityChallenge;
}

/** Listens until the returned function is called. @throws if the port is not available */
export async function listenForDoctor({port, host, basePath, identity}: DoctorListenerOptions) {
  const sockets = new Set<Socket>();
  const wss = new WebSocketServer({noServer: true, handleProtocols: () => SUBPROTOCOL});
  const server = createServer((request, response) => answer(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (pathOf(request).pathname !== '/ws') {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
      return;
    }
    const {code, text} = closeReasons.unauthorized;
    wss.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => ws.terminate());
      ws.close(code, text);
    });
  });
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({port, host}, resolve);
  await promise;
  return async () => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const {pathname, searchParams} = pathOf(request);
    if (pathname === '/healthz') {
      const probe = identity.answer(searchParams.get('probe') ?? undefined);
      response.writeHead(200, {'Content-Type': 'application/json'});
      response.end(JSON.stringify({status: 'alive', probe}));
      return;
    }
    response.writeHead(503, {'Retry-After': '10'}).end();
  }

  function pathOf({url = '/'}: IncomingMessage) {
    const {pathname, searchParams} = new URL(url.replace(/^\/+/, '/'), 'http://localhost');
    return {pathname: withoutBasePath(pathname, basePath), searchParams};
  }
}
