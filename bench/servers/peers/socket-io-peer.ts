/** The Socket.IO peer: `io.emit`, WebSocket only, no compression. */
import {Server} from 'socket.io';
import {PING_EVERY_MS, servePeer} from './peer-http.ts';

const server = servePeer((texts) => {
  for (const text of texts) io.emit('event', JSON.parse(text));
});
const io = new Server(server, {
  transports: ['websocket'],
  perMessageDeflate: false,
  pingInterval: PING_EVERY_MS,
  serveClient: false,
});
