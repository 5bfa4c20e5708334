/** The “`ws`, encoded once” peer: builds a frame once, writes it to all sockets, and joins the events of one request. */
import type {Socket} from 'node:net';
import {WebSocketServer} from 'ws';
import {PING_EVERY_MS, servePeer} from './peer-http.ts';

const connections = new Set<Socket>();
const server = servePeer((texts) => {
  const bytes = Buffer.concat(texts.map(toFrame));
  for (const connection of connections) connection.write(bytes);
});
const sockets = new WebSocketServer({server, path: '/ws', perMessageDeflate: false});
sockets.on('connection', (socket, request) => {
  const connection = request.socket;
  connections.add(connection);
  socket.on('error', () => {});
  socket.on('message', () => {});
  socket.on('close', () => connections.delete(connection));
});
setInterval(() => {
  for (const socket of sockets.clients) socket.ping();
}, PING_EVERY_MS);

/** A final text frame for payloads of 126 to 65,535 bytes. */
function toFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff]), payload]);
}
