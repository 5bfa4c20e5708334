import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {type ControlHandler, type ControlReply, controlPrefix} from './control/control-handler.ts';
import type {Logger} from './log.ts';
import {type ApiReply, replyHeaders} from './rest/api-reply.ts';
import type {RestApi} from './rest/rest-api.ts';
import {sendMedia} from './send-media.ts';

/** Maximum size of a request body. Bytes. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpFrontOptions {
  readonly rest: RestApi;
  readonly control: ControlHandler;
  readonly log: Logger;
}

/** The HTTP server. It passes requests to the REST API or the control API. */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  #server: Server | null = null;
  #concurrent = 0;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
  }

  async listen(port: number, host: string): Promise<AddressInfo> {
    const server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        this.#options.log({level: 'error', event: 'internal', message: String(error)});
        response.destroy();
      });
    });
    // A keep-alive connection must not be closed while its client is sending a request.
    server.keepAliveTimeout = 60_000;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return server.address() as AddressInfo;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === null || !server.listening) return;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAtMs = performance.now();
    const {method = 'GET', headers} = request;
    const {path, query} = targetOf(request.url ?? '/');
    const body = await readBody(request);
    if (body === null) {
      response.writeHead(413, {Connection: 'close'}).end();
      return;
    }
    if (path === controlPrefix || path.startsWith(`${controlPrefix}/`)) {
      const reply = await this.#options.control.handle({
        method,
        path,
        query,
        body,
        accept: headers.accept ?? '',
      });
      sendControl(request, response, reply);
      return;
    }
    this.#concurrent += 1;
    try {
      const headersOf = () => replyHeaders(startedAtMs, this.#concurrent);
      if (method === 'OPTIONS') {
        response.writeHead(204, headersOf()).end();
        return;
      }
      const {authorization} = headers;
      const form = new URLSearchParams(body);
      const result = await this.#options.rest.handle({method, path, query, form, authorization});
      if (result === 'hang') return;
      if (result.lost === true) response.destroy();
      else sendApi(request, response, {reply: result, headers: headersOf()});
    } finally {
      this.#concurrent -= 1;
    }
  }
}

/** Splits the target without a URL parser, because a parser reads `//calls` as a host and throws on `//`. */
function targetOf(target: string): {path: string; query: URLSearchParams} {
  const [path = '', ...query] = target.replace(/^https?:\/\/[^/?]*/i, '').split('?');
  return {path: path === '' ? '/' : path, query: new URLSearchParams(query.join('?'))};
}

function sendApi(
  request: IncomingMessage,
  response: ServerResponse,
  {reply, headers}: {readonly reply: ApiReply; readonly headers: Record<string, string>},
): void {
  const {status, body, media, headers: extra = {}, afterwards} = reply;
  if (afterwards !== undefined) {
    // `finish` fires when the response is sent, `close` also when the client has disconnected. The call
    // continues in both cases.
    let done = false;
    const once = () => {
      if (!done) afterwards();
      done = true;
    };
    response.once('finish', once).once('close', once);
  }
  if (media !== undefined) {
    sendMedia(request, response, {media, headers: {...headers, ...extra}});
    return;
  }
  send(request, response, {
    status,
    headers: {...headers, ...extra},
    body: body === null ? '' : JSON.stringify(body),
  });
}

function sendControl(request: IncomingMessage, response: ServerResponse, reply: ControlReply): void {
  const {status, body, media, file} = reply;
  const headers = {
    'Content-Type': file?.contentType ?? 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
    'Access-Control-Allow-Headers': 'Content-Type',
    ...file?.headers,
  };
  if (media !== undefined) sendMedia(request, response, {media, headers});
  else
    send(request, response, {
      status,
      headers,
      body: file?.text ?? (body === undefined ? '' : JSON.stringify(body)),
    });
}

/** Sends only the headers to a HEAD request. */
function send(
  {method}: IncomingMessage,
  response: ServerResponse,
  {
    status,
    headers,
    body,
  }: {readonly status: number; readonly headers: Record<string, string>; readonly body: string},
): void {
  if (status === 204) {
    response.writeHead(status, headers).end();
    return;
  }
  response.writeHead(status, {...headers, 'Content-Length': String(Buffer.byteLength(body))});
  response.end(method === 'HEAD' ? undefined : body);
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
