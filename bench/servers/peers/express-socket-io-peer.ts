/**
 * The Express + Socket.IO peer, as many teams build it: it checks the signature with Twilio's SDK, emits and answers
 * 204. It stores nothing.
 */
import {createServer} from 'node:http';
import express from 'express';
import {Server} from 'socket.io';
import twilio from 'twilio';
import {callStatusText} from '../peer-events.ts';
import {PING_EVERY_MS} from './peer-http.ts';

const {PORT = '', PUBLIC_URL = '', TWILIO_AUTH_TOKEN = ''} = process.env;

const app = express();
const server = createServer(app);
const io = new Server(server, {
  transports: ['websocket'],
  perMessageDeflate: false,
  pingInterval: PING_EVERY_MS,
  serveClient: false,
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
  io.emit('event', JSON.parse(callStatusText(fields)));
  response.status(204).end();
});

// Benchmark connections can be idle for a long time between webhooks.
server.keepAliveTimeout = 120_000;
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
