/** The `ws` peer: one `JSON.stringify`, then `send` to each socket, as its documentation shows. */
import {WebSocketServer} from 'ws';
import {PING_EVERY_MS, servePeer} from './peer-http.ts';

const server = servePeer((texts) => {
  for (const text of texts) {
    for (const socket of sockets.clients) if (socket.readyState === socket.OPEN) socket.send(text);
  }
});
const sockets = new WebSocketServer({server, path: '/ws', perMessageDeflate: false});
sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', () => {});
});
setInterval(() => {
  for (const socket of sockets.clients) socket.ping();
}, PING_EVERY_MS);
