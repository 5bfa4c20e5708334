/**
 * The peer with the same durability: what a team writes in a week with the same libraries. It checks the signature
 * with Twilio's SDK, stores the event and the call's state in one synced SQLite transaction before it answers, and
 * sends the event to every WebSocket. It has no resume, no ordering of statuses, no users and no limits, and its only
 * thread waits for the disk.
 */
import {createServer} from 'node:http';
import {DatabaseSync} from 'node:sqlite';
import express from 'express';
import twilio from 'twilio';
import {WebSocketServer} from 'ws';
import {callStatusText} from './peer-events.ts';

const {PORT = '', PUBLIC_URL = '', TWILIO_AUTH_TOKEN = ''} = process.env;

const database = new DatabaseSync('peer.db');
// A write-ahead log needs one fsync per transaction. FULL requests it, as the gateway does.
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE events (
    id     INTEGER PRIMARY KEY,
    key    TEXT NOT NULL UNIQUE, -- one webhook, one event
    sid    TEXT NOT NULL,
    status TEXT NOT NULL,
    fields TEXT NOT NULL         -- JSON
  );
  CREATE INDEX events_by_call ON events (sid);
  CREATE TABLE calls (
    sid        TEXT PRIMARY KEY,
    status     TEXT NOT NULL,
    sequence   INTEGER NOT NULL,
    direction  TEXT,
    "from"     TEXT,
    "to"       TEXT,
    updated_at INTEGER NOT NULL
  );`);
const begin = database.prepare('BEGIN IMMEDIATE');
const commit = database.prepare('COMMIT');
const rollback = database.prepare('ROLLBACK');
const insertEvent = database.prepare(
  'INSERT INTO events (key, sid, status, fields) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
);
const upsertCall = database.prepare(
  `INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?)
   ON CONFLICT (sid) DO UPDATE SET status = excluded.status, sequence = excluded.sequence, updated_at = excluded.updated_at
   WHERE excluded.sequence > sequence`,
);

/** Stores a new event durably. Returns `false` for a duplicate. */
function store(fields: Readonly<Record<string, string>>): boolean {
  const {CallSid = '', CallStatus = '', SequenceNumber = '', Direction = '', From = '', To = ''} = fields;
  begin.run();
  try {
    const {changes} = insertEvent.run(
      `${CallSid}/${SequenceNumber}`,
      CallSid,
      CallStatus,
      JSON.stringify(fields),
    );
    if (changes > 0)
      upsertCall.run(CallSid, CallStatus, Number(SequenceNumber), Direction, From, To, Date.now());
    commit.run();
    return changes > 0;
  } catch (error) {
    if (database.isTransaction) rollback.run();
    throw error;
  }
}

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
  const isNew = store(fields);
  response.status(204).end();
  if (!isNew) return;
  const text = callStatusText(fields);
  for (const socket of sockets.clients) if (socket.readyState === socket.OPEN) socket.send(text);
});

server.listen(Number(PORT), '127.0.0.1');
// Exit explicitly, so that a profile is written.
process.on('SIGTERM', () => process.exit(0));
