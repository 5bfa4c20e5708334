import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {type ControlHandler, controlPrefix} from './control/control-handler.ts';
import type {Logger} from './log.ts';
import {type ApiReply, replyHeaders} from './rest/api-reply.ts';
import type {RestApi} from './rest/rest-api.ts';

/** Largest request that is read. Bytes. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpFrontOptions {
  readonly rest: RestApi;
  readonly control: ControlHandler;
  readonly log: Logger;
}

/** The HTTP server: hands requests to the REST API or the control API, and knows nothing of either. */
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
    // A client's kept-alive connection must not be closed under a request it is just sending.
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
    const {method = 'GET'} = request;
    const url = new URL(request.url ?? '/', 'http://localhost');
    const body = await readBody(request);
    if (body === null) {
      response.writeHead(413, {Connection: 'close'}).end();
      return;
    }
    if (url.pathname === controlPrefix || url.pathname.startsWith(`${controlPrefix}/`)) {
      const {status, body: answer} = await this.#options.control.handle({method, url, body});
      sendControl(response, status, answer);
      return;
    }
    this.#concurrent += 1;
    try {
      await this.#handleApi(response, startedAtMs, {
        method,
        url,
        body,
        authorization: request.headers.authorization,
      });
    } finally {
      this.#concurrent -= 1;
    }
  }

  async #handleApi(
    response: ServerResponse,
    startedAtMs: number,
    request: {method: string; url: URL; body: string; authorization: string | undefined},
  ): Promise<void> {
    const {method, url, body, authorization} = request;
    if (method === 'OPTIONS') {
      response.writeHead(204, replyHeaders(startedAtMs, this.#concurrent)).end();
      return;
    }
    const result = await this.#options.rest.handle({
      method,
      path: url.pathname,
      query: url.searchParams,
      form: new URLSearchParams(body),
      authorization,
    });
    if (result === 'hang') return;
    if (result.lost === true) {
      response.destroy();
      return;
    }
    sendApi(response, result, replyHeaders(startedAtMs, this.#concurrent));
  }
}

function sendApi(response: ServerResponse, reply: ApiReply, headers: Record<string, string>): void {
  const {status, body, headers: extra = {}, afterwards} = reply;
  if (afterwards !== undefined) {
    // `finish` when it is sent, `close` also when the client has gone away: the call goes on either way.
    let done = false;
    const once = () => {
      if (!done) afterwards();
      done = true;
    };
    response.once('finish', once).once('close', once);
  }
  response.writeHead(status, {...headers, ...extra}).end(body === null ? undefined : JSON.stringify(body));
}

function sendControl(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE, OPTIONS',
    'Access-Control-Allow-Headers': 'Content-Type',
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
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
