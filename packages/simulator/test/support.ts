import assert from 'node:assert/strict';
import {createServer, type IncomingHttpHeaders, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {TestContext} from 'node:test';
import twilio from 'twilio';
import {createSimulator, type Simulator, type SimulatorOptions} from '../src/index.ts';

/** A request that a webhook receiver has received. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Record<string, string>;
  readonly at: number;
}

type Responder = (received: Received, response: ServerResponse) => void;

/** The application's side: a real server that stores the simulator's requests and responds by path. */
export class Receiver {
  readonly requests: Received[] = [];
  readonly #responders = new Map<string, Responder>();
  #url = '';

  get url(): string {
    return this.#url;
  }

  /** Responds to a path with TwiML. */
  twiml(path: string, verbs: string): string {
    return this.on(path, (_received, response) => {
      response.setHeader('Content-Type', 'text/xml').end(`<Response>${verbs}</Response>`);
    });
  }

  /** Sets the response of a path and returns its URL. All other paths respond with 204. */
  on(path: string, responder: Responder): string {
    this.#responders.set(path, responder);
    return this.#url + path;
  }

  /** The requests of a path, in order of arrival. */
  to(path: string): Received[] {
    return this.requests.filter((received) => received.path.split('?')[0] === path);
  }

  async listen(t: TestContext): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '/';
        const received: Received = {
          method: request.method ?? '',
          path,
          url: this.#url + path,
          headers: request.headers,
          params: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())),
          at: performance.now(),
        };
        this.requests.push(received);
        const responder = this.#responders.get(path.split('?')[0] ?? '');
        if (responder === undefined) response.writeHead(204).end();
        else responder(received, response);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
  }
}

export type TwilioClient = ReturnType<typeof twilio>;

export interface Setup {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly client: TwilioClient;
}

/**
 * Starts a fast simulator, a receiver and the official SDK. All end with the test, and all signatures are
 * checked at the end.
 */
export async function setup(t: TestContext, options: SimulatorOptions = {}): Promise<Setup> {
  const receiver = new Receiver();
  await receiver.listen(t);
  const simulator = createSimulator({speed: 200, callsPerSecond: 0, ...options});
  await simulator.start();
  t.after(() => simulator.stop());
  const client = twilio(simulator.accountSid, simulator.authToken);
  client.api.baseUrl = simulator.url;
  t.after(() => {
    for (const received of receiver.requests) assertSigned(received, simulator.authToken);
  });
  return {simulator, receiver, client};
}

/** The official SDK validates every request of the simulator. */
export function assertSigned({headers, url, params, path}: Received, authToken: string): void {
  const signature = String(headers['x-twilio-signature']);
  assert.ok(twilio.validateRequest(authToken, signature, url, params), `bad signature on ${path}`);
}

/** Waits for a condition. Fails if it is not true in time. */
export async function until(
  condition: () => boolean,
  what = String(condition),
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) assert.fail(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

/** Numbers of the table by outcome. */
export const numbers = {
  answered: '+15550100000',
  busy: '+15550100100',
  noAnswer: '+15550100200',
  failed: '+15550100300',
  canceled: '+15550100400',
  hangsUp: '+15550100505',
  machine: '+15550100600',
  slow: '+15550100730',
} as const;

export const allEvents = ['initiated', 'ringing', 'answered', 'completed'];
