/**
 * What the fan-out peers share: a webhook on `node:http` that believes whoever asks. It checks and stores nothing, so
 * that what is measured is the sending. Ten events come to them in one request (`X-Copies`), which is the best case
 * for whatever they do in one turn of the event loop.
 */
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {parse} from 'node:querystring';
import {callStatusText} from '../peer-events.ts';

/** How often the gateway pings; the peers do the same. */
export const PING_EVERY_MS = 25_000;

export type Publish = (texts: readonly string[]) => void;

/** Begins to listen; `publish` gets the messages of a webhook. */
export function servePeer(publish: Publish): Server {
  const server = createServer((request, response) => answer(request, response, publish));
  // Connections of the bench may wait for their next webhook as long as they like.
  server.keepAliveTimeout = 120_000;
  server.listen(Number(process.env['PORT']), '127.0.0.1');
  // An exit of its own, so that a profile is written.
  process.on('SIGTERM', () => process.exit(0));
  return server;
}

function answer(request: IncomingMessage, response: ServerResponse, publish: Publish): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.url === '/readyz') {
      response.end('{"ready":true}');
      return;
    }
    publish(textsOf(Buffer.concat(chunks).toString(), request.headers['x-copies']));
    response.writeHead(204).end();
  });
}

/** The messages that a webhook's body stands for. */
export function textsOf(body: string, copies: string | string[] | null | undefined): string[] {
  const fields = parse(body) as Record<string, string>;
  return Array.from({length: Number(copies ?? 1)}, () => callStatusText(fields));
}
