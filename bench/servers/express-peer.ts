/**
 * The peer without durability: what a developer writes in an afternoon with the same libraries. It checks the
 * signature with Twilio's SDK, sends each event to every WebSocket and answers 204. It stores nothing.
 */
import {createServer} from 'node:http';
import express from 'express';
import twilio from 'twilio';
import {WebSocketServer} from 'ws';
import {callStatusText} from './peer-events.ts';

const {PORT = '', PUBLIC_URL = '', TWILIO_AUTH_TOKEN = ''} = process.env;

const app = express();
const server = createServer(app);
const sockets = new WebSocketServer({server, path: '/ws'});
sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', () => {});
});

app.get('/readyz', (_request, response) => {
  response.json({ready: true});
});

app.post('/twilio/status', express.urlencoded({extended: false}), (request, response) => {
  const signature = request.header('X-Twilio-Signature') ?? '';
  const fields = request.body as Record<string, string>;
  if (!twilio.validateRequest(TWILIO_AUTH_TOKEN, signature, PUBLIC_URL + request.originalUrl, fields)) {
    response.sendStatus(403);
    return;
  }
  const text = callStatusText(fields);
  for (const socket of sockets.clients) if (socket.readyState === socket.OPEN) socket.send(text);
  response.status(204).end();
});

server.listen(Number(PORT), '127.0.0.1');
// Exit explicitly, so that a profile is written.
process.on('SIGTERM', () => process.exit(0));
