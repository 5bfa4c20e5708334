/** The whole path of a call: HTTP, the gateway process, the official SDK, the simulator, signed callbacks, a session. */
import assert from 'node:assert/strict';
import {hasEnded, type ProviderStatus, statusRank} from '@hookswitch/protocol';
import {createSimulator, type Simulator, type SimulatorOptions} from '@hookswitch/simulator';
import twilio from 'twilio';
import {ACCESS_KEY, type ApiBody, type CrashGateway, createCrashGateway} from '../crash/crash-gateway.ts';
import {freePort} from '../gateway/free-port.ts';
import {until} from '../until.ts';
import {TestClient} from '../websocket/client.ts';

export interface FlowOptions {
  readonly simulator?: SimulatorOptions;
  readonly env?: Readonly<Record<string, string>>;
  /** The gateway's token, if it differs from the account's. */
  readonly authToken?: string;
}

export class Flow implements AsyncDisposable {
  readonly gateway: CrashGateway;
  readonly simulator: Simulator;
  /** The official SDK, for Twilio's view of a call. */
  readonly sdk: twilio.Twilio;
  readonly #clients: TestClient[] = [];

  constructor(gateway: CrashGateway, simulator: Simulator) {
    this.gateway = gateway;
    this.simulator = simulator;
    this.sdk = twilio(simulator.accountSid, simulator.authToken);
    this.sdk.api.baseUrl = simulator.url;
  }

  /** The current session: the last one opened. */
  get session(): TestClient {
    const client = this.#clients.at(-1);
    if (client === undefined) throw new Error('no session was opened');
    return client;
  }

  /** Opens a session and waits for `session.ready`. */
  async watch(resume?: {readonly epoch: string; readonly offset: number}): Promise<TestClient> {
    const client = new TestClient(this.gateway.wsUrl, {token: ACCESS_KEY, ...(resume && {resume})});
    this.#clients.push(client);
    await client.ready();
    return client;
  }

  /** Places a call and returns its SID. */
  async place(body: Readonly<Record<string, unknown>>): Promise<string> {
    const response = await this.gateway.api('/api/calls', {body});
    assert.equal(response.status, 201, JSON.stringify(response.body));
    assert.equal(response.headers.get('location'), `/api/calls/${response.body.callSid}`);
    return response.body.callSid;
  }

  async call(callSid: string): Promise<ApiBody> {
    return (await this.gateway.api(`/api/calls/${callSid}`)).body;
  }

  /** Waits until the session has received one of the statuses. */
  async waitForStatus(callSid: string, ...statuses: ProviderStatus[]) {
    return until(() => this.messages(callSid).find(({providerStatus}) => statuses.includes(providerStatus)), {
      what: `${callSid} to be ${statuses.join(' or ')}`,
    });
  }

  /** All messages about a call, from all sessions. Each session resumed after the previous one. */
  messages(callSid: string) {
    return this.#clients
      .flatMap((client) => client.of('call.status'))
      .filter((message) => message.callSid === callSid);
  }

  /** Twilio's statuses in these messages. */
  statuses(callSid: string): ProviderStatus[] {
    return this.messages(callSid).map(({providerStatus}) => providerStatus);
  }

  /** Kills the gateway and restarts it on the same files. A new session resumes. */
  async crash(): Promise<TestClient> {
    const position = this.session.position();
    await this.gateway.restart();
    return this.watch(position);
  }

  /** Waits until the call has ended everywhere, and checks that journal, session and Twilio agree. */
  async expectSameState(callSid: string, end: ProviderStatus): Promise<ApiBody> {
    await this.simulator.settled();
    const message = await this.waitForStatus(callSid, 'completed', 'busy', 'failed', 'no-answer', 'canceled');
    const call = await this.call(callSid);
    const atTwilio = await this.sdk.calls(callSid).fetch();
    assert.deepEqual([call.providerStatus, message.providerStatus, atTwilio.status], [end, end, end]);
    const duration = end === 'completed' ? Number(atTwilio.duration) : undefined;
    assert.deepEqual([call.duration, message.duration], [duration, duration]);
    this.#checkEvents(callSid, call);
    return call;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.terminate();
    await this.simulator.stop();
    await this.gateway[Symbol.asyncDispose]();
  }

  #checkEvents(callSid: string, {events}: ApiBody): void {
    const own = events.filter((event) => event.callSid === callSid && event.kind === 'status');
    const applied = own.filter(({verdict}) => verdict === 'applied');
    assert.deepEqual(
      this.messages(callSid).map(({offset, providerStatus}) => [offset, providerStatus]),
      applied.map(({offset, providerStatus}) => [offset, providerStatus]),
    );
    const ranks = applied.map(({providerStatus}) => statusRank(providerStatus as ProviderStatus));
    assert.ok(
      ranks.every((rank, index) => index === 0 || rank > (ranks[index - 1] ?? 0)),
      '[J4] goes back',
    );
    assert.equal(applied.filter(({providerStatus}) => hasEnded(providerStatus as ProviderStatus)).length, 1);
    for (const {params, state, kind} of this.simulator.deliveries()) {
      if (kind !== 'status' || state !== 'delivered' || params['CallSid'] !== callSid) continue;
      const sequence = Number(params['SequenceNumber']);
      const entries = own.filter((event) => event.source === 'callback' && event.sequence === sequence);
      assert.equal(entries.length, 1, `[J2] callback ${sequence} has ${entries.length} entries`);
    }
  }
}

/** Starts a simulator, a gateway and a session. */
export async function startFlow({simulator: options, env, authToken}: FlowOptions = {}): Promise<Flow> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const simulator = createSimulator({
    speed: 50,
    callsPerSecond: 0,
    voiceUrl: `${url}/twilio/voice`,
    statusCallback: `${url}/twilio/status`,
    ...options,
  });
  await simulator.start();
  const gateway = await createCrashGateway({
    accountSid: simulator.accountSid,
    authToken: authToken ?? simulator.authToken,
    apiUrl: simulator.url,
    port,
    env,
  });
  const flow = new Flow(gateway, simulator);
  await gateway.start();
  await flow.watch();
  return flow;
}

/** Waits until the simulator has the call in a status. */
export function atTwilio({simulator}: Flow, callSid: string, status: ProviderStatus): Promise<boolean> {
  return until(() => simulator.call(callSid)?.status === status, {
    what: `${callSid} to be ${status} at Twilio`,
  });
}
