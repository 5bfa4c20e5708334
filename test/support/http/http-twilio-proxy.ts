/**
 * A proxy between the gateway and the simulator's REST API. It records requests and lets a test respond itself, or act
 * while the gateway waits.
 */
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {text} from 'node:stream/consumers';

export type TwilioOperation = 'create' | 'update' | 'fetch' | 'list' | 'other';

export interface TwilioRequest {
  readonly operation: TwilioOperation;
  readonly path: string;
  /** SID of the call; empty for a create. */
  readonly callSid: string;
  readonly form: URLSearchParams;
}

export interface TwilioAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** No valid response: the connection is closed (`cut`), reset, or carries invalid HTTP (`garbage`). */
export type BrokenAnswer = 'cut' | 'reset' | 'garbage';

/** Returns a response, or `undefined` to forward the request to the simulator. */
export type Intercept = (
  request: TwilioRequest,
) => TwilioAnswer | BrokenAnswer | undefined | Promise<TwilioAnswer | BrokenAnswer | undefined>;

export class TwilioProxy implements AsyncDisposable {
  /** Requests so far, oldest first. */
  readonly requests: TwilioRequest[] = [];
  /** URL of the simulator. */
  target = '';
  intercept: Intercept | undefined;
  /** Called with the simulator's response, which it may replace. */
  afterwards: ((request: TwilioRequest, answer: TwilioAnswer) => unknown) | undefined;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  of(operation: TwilioOperation): TwilioRequest[] {
    return this.requests.filter((request) => request.operation === operation);
  }

  /** Closes the server, so that connections are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = request.url ?? '/';
    if (path.startsWith('/_simulator')) {
      // The gateway detects a simulator by this path. Twilio does not know it.
      response.writeHead(404).end();
      return;
    }
    const callSid = /\/Calls\/(CA\w+)\.json$/.exec(path)?.[1] ?? '';
    const asked = {
      operation: operationOf(request.method, path),
      path,
      callSid,
      form: new URLSearchParams(body),
    };
    this.requests.push(asked);
    const own = await this.intercept?.(asked);
    if (typeof own === 'string') {
      breakOff(response, own);
      return;
    }
    const answer = own ?? (await this.#ask(request, path, body));
    const changed = await this.afterwards?.(asked, answer);
    if (isBroken(changed)) {
      breakOff(response, changed);
      return;
    }
    const {status, body: content, headers} = isAnswer(changed) ? changed : answer;
    response.writeHead(status, {'content-type': 'application/json', ...headers}).end(JSON.stringify(content));
  }

  async #ask({method, headers}: IncomingMessage, path: string, body: string): Promise<TwilioAnswer> {
    const answer = await fetch(this.target + path, {
      method: method ?? 'GET',
      headers: {
        authorization: headers.authorization ?? '',
        'content-type': 'application/x-www-form-urlencoded',
      },
      ...(method === 'POST' ? {body} : {}),
    });
    return {status: answer.status, body: await answer.json()};
  }
}

function isBroken(value: unknown): value is BrokenAnswer {
  return value === 'cut' || value === 'reset' || value === 'garbage';
}

function breakOff(response: ServerResponse, how: BrokenAnswer): void {
  const {socket} = response;
  if (how === 'reset') socket?.resetAndDestroy();
  else if (how === 'garbage') socket?.end('\u0000\u0001 this is no HTTP \r\n\r\n');
  else response.destroy();
}

function isAnswer(value: unknown): value is TwilioAnswer {
  return typeof value === 'object' && value !== null && 'status' in value && 'body' in value;
}

function operationOf(method: string | undefined, path: string): TwilioOperation {
  if (/\/Calls\.json(\?|$)/.test(path)) return method === 'POST' ? 'create' : 'list';
  if (!/\/Calls\/CA\w+\.json$/.test(path)) return 'other';
  return method === 'POST' ? 'update' : 'fetch';
}
