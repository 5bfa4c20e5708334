/**
 * The webhook of the fan-out peers on `node:http`. It verifies and stores nothing, so that only the sending is
 * measured. Ten events arrive in one request (`X-Copies`), which is the best case for a peer that batches per turn of
 * the event loop.
 */
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {parse} from 'node:querystring';
import {callStatusText} from '../peer-events.ts';

/** The gateway's ping interval, which the peers use too. */
export const PING_EVERY_MS = 25_000;

export type Publish = (texts: readonly string[]) => void;

/** Starts a server. `publish` receives the messages of each webhook. */
export function servePeer(publish: Publish): Server {
  const server = createServer((request, response) => answer(request, response, publish));
  // Benchmark connections can be idle for a long time between webhooks.
  server.keepAliveTimeout = 120_000;
  server.listen(Number(process.env['PORT']), '127.0.0.1');
  // Exit explicitly, so that a profile is written.
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

/** The messages of a webhook body, repeated `copies` times. */
export function textsOf(body: string, copies: string | string[] | null | undefined): string[] {
  const fields = parse(body) as Record<string, string>;
  return Array.from({length: Number(copies ?? 1)}, () => callStatusText(fields));
}
