/** Twilio's side of a simulation: sends webhooks, retries them, and answers lookups. */
import {Agent, createServer, request, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {ProviderStatus} from '@hookswitch/protocol';
import twilio from 'twilio';
import type {LoadClock} from './clock.ts';
import type {SimulatedNodes} from './nodes.ts';
import type {Plan, PlannedCall, PlannedDelivery, PlannedWebhook} from './plan.ts';
import {must, type Trace} from './trace.ts';

export const ACCOUNT_SID = 'AC00000000000000000000000000000001';
export const AUTH_TOKEN = 'simulation-auth-token-0000000000';

/** Results of the webhooks from Twilio's point of view. */
export interface WebhookOutcomes {
  /** Keys of webhooks with a 2xx. */
  readonly answered: Set<string>;
  /** Keys of webhooks that were sent. */
  readonly sent: Set<string>;
  /** Attempts without a response or with a 5xx. */
  failures: number;
}

export interface SendOptions {
  readonly nodes: SimulatedNodes;
  readonly clock: LoadClock;
  readonly trace: Trace;
}

/** Sends all deliveries of the plan concurrently. Resolves when all are finished. */
export async function sendWebhooks(plan: Plan, {nodes, clock, trace}: SendOptions): Promise<WebhookOutcomes> {
  const outcomes: WebhookOutcomes = {answered: new Set(), sent: new Set(), failures: 0};
  const agent = new Agent({keepAlive: true, maxSockets: plan.concurrency});
  const {publicUrl} = nodes;
  const bring = async ({webhook, givesUp}: PlannedDelivery, first: number) => {
    const {key, callSid} = webhook;
    for (let attempt = 0; !nodes.ended; attempt += 1) {
      const node = await nodes.reachable(first + attempt);
      outcomes.sent.add(key);
      const status = await post(node.gateway.url, webhook, {agent, publicUrl});
      trace.add(callSid, `${key} ${webhook.status} → ${status ?? 'no response'} (${node.name})`);
      if (status !== undefined && status < 300) {
        outcomes.answered.add(key);
        return;
      }
      must(status === undefined || status === 503, callSid, `${key} got status ${status}`);
      outcomes.failures += 1;
      if (givesUp) return;
      // Wait a turn, because a connection can be refused before the kill is noticed.
      await new Promise((resolve) => setImmediate(resolve));
      await nodes.databaseIsBack();
    }
  };
  const work = async () => {
    while (clock.now < plan.deliveries.length) {
      await nodes.reachable(0);
      const delivery = plan.deliveries[await clock.next()];
      if (delivery !== undefined) await Promise.all(delivery.to.map((node) => bring(delivery, node)));
    }
  };
  try {
    await Promise.all(Array.from({length: plan.concurrency}, work));
  } finally {
    agent.destroy();
  }
  return outcomes;
}

export interface PostOptions {
  readonly agent?: Agent;
  /** URL that the webhook is signed for. @default `gatewayUrl` */
  readonly publicUrl?: string;
}

/** Posts a signed webhook. Resolves with the status, or with `undefined` if there was no response. */
export function post(
  gatewayUrl: string,
  {route, fields}: Pick<PlannedWebhook, 'route' | 'fields'>,
  {agent, publicUrl = gatewayUrl}: PostOptions = {},
): Promise<number | undefined> {
  const path = `/twilio/${route}`;
  const body = new URLSearchParams(fields).toString();
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    'x-twilio-signature': twilio.getExpectedTwilioSignature(AUTH_TOKEN, publicUrl + path, fields),
  };
  const {promise, resolve} = Promise.withResolvers<number | undefined>();
  const sent = request(gatewayUrl + path, {method: 'POST', headers, agent: agent ?? false}, (response) => {
    response.resume();
    response.once('end', () => resolve(response.statusCode));
    response.once('close', () => resolve(undefined));
  });
  sent.once('error', () => resolve(undefined));
  sent.end(body);
  return promise;
}

/** Calls per page of a list. Twilio's own pages have up to 1,000 calls. */
const LIST_PAGE = 5;

/** The REST API for lookups. It returns the true state of the plan's calls. */
export class SimulatedRest implements AsyncDisposable {
  /** Returned states, as `<call>:<status>`. */
  readonly returned = new Set<string>();
  readonly #calls: ReadonlyMap<string, PlannedCall>;
  readonly #clock: LoadClock;
  readonly #server: Server;

  constructor(plan: Plan, clock: LoadClock) {
    this.#calls = new Map(plan.calls.map((call) => [call.callSid, call]));
    this.#clock = clock;
    this.#server = createServer((incoming, response) => {
      const body = incoming.method === 'GET' ? this.#answer(incoming.url ?? '') : undefined;
      response.writeHead(body === undefined ? 404 : 200, {'content-type': 'application/json'});
      response.end(JSON.stringify(body ?? {code: 20404, message: 'not found', status: 404}));
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(address: string): unknown {
    const {pathname, searchParams} = new URL(address, 'http://twilio');
    if (pathname.endsWith('/Calls.json')) return this.#list(searchParams);
    const call = this.#calls.get(/\/Calls\/(CA[0-9a-f]{32})\.json$/.exec(pathname)?.[1] ?? '');
    return call === undefined ? undefined : this.#show(call);
  }

  /** The calls that have begun, newest first, on small pages so that a plan has several. */
  #list(query: URLSearchParams) {
    const status = query.get('Status');
    const page = Number(query.get('Page') ?? 0);
    const begun = [...this.#calls.values()].filter(({life}) => (life[0]?.at ?? Infinity) <= this.#clock.now);
    const listed = begun.filter((call) => status === null || this.#statusOf(call) === status).reverse();
    const next = new URLSearchParams(query);
    next.set('Page', String(page + 1));
    return {
      calls: listed.slice(page * LIST_PAGE, (page + 1) * LIST_PAGE).map((call) => this.#show(call)),
      next_page_uri:
        listed.length > (page + 1) * LIST_PAGE ? `/2010-04-01/Calls.json?${next.toString()}` : null,
    };
  }

  #statusOf({life}: PlannedCall): ProviderStatus {
    return restStatus(life.findLast(({at}) => at <= this.#clock.now)?.status ?? 'queued');
  }

  #show(call: PlannedCall) {
    const {callSid, from, to, direction, parentCallSid, duration} = call;
    const status = this.#statusOf(call);
    this.returned.add(`${callSid}:${status}`);
    return {
      sid: callSid,
      status,
      direction,
      from,
      to,
      parent_call_sid: parentCallSid ?? null,
      duration: status === 'completed' ? String(duration) : null,
    };
  }
}

/** `initiated` exists in callbacks only. */
function restStatus(status: ProviderStatus): ProviderStatus {
  return status === 'initiated' ? 'queued' : status;
}
