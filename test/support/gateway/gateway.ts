/** A real gateway on real sockets with a journal on disk, and the simulator as Twilio. */
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {Writable} from 'node:stream';
import {createSimulator, type Simulator, type SimulatorOptions} from '@hookswitch/simulator';
import type {Authenticator} from '../../../src/auth/authenticator.ts';
import {secretsOf} from '../../../src/cli/secrets.ts';
import type {Clock} from '../../../src/clock.ts';
import {type Environment, loadEnvironment} from '../../../src/config/environment.ts';
import type {Journal} from '../../../src/journal/journal.ts';
import {createLogger} from '../../../src/observability/logger.ts';
import {createServer, type GatewayServer} from '../../../src/server.ts';
import type {TwilioClient} from '../../../src/twilio/twilio-client.ts';
import {assertNoSecrets} from '../canary.ts';
import type {Json} from '../json.ts';
import {until} from '../until.ts';
import {type ConnectOptions, TestClient} from '../websocket/client.ts';
import {freePort} from './free-port.ts';

export const ACCESS_KEY = 'test-access-key-0123456789';

export interface TestGatewayOptions {
  /** Environment variables in addition to the required ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default speed 50, no queueing */
  readonly simulator?: SimulatorOptions;
  readonly clock?: Clock;
  /** Wraps the Twilio client, for tests that act between a request and its response. */
  readonly twilio?: (environment: Environment) => TwilioClient;
  /** @default the journal of DATABASE_URL */
  readonly journal?: Journal;
  /** Authenticates tokens other than the access key. */
  readonly authenticator?: Authenticator;
}

export interface ApiRequest extends Omit<RequestInit, 'body' | 'headers'> {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class TestGateway implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly environment: Environment;
  readonly folder: string;
  /** Log lines. */
  readonly logs: string[] = [];
  readonly #options: TestGatewayOptions;
  readonly #clients = new Set<TestClient>();
  server: GatewayServer;

  constructor(options: TestGatewayOptions, simulator: Simulator, environment: Environment, folder: string) {
    this.#options = options;
    this.simulator = simulator;
    this.environment = environment;
    this.folder = folder;
    this.server = this.#create();
  }

  get url(): string {
    return `http://127.0.0.1:${this.environment.port}`;
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.environment.port}/ws`;
  }

  get databaseFile(): string {
    return path.join(this.folder, 'hookswitch.db');
  }

  /** Sends an authenticated request with an optional JSON body. */
  async api(pathname: string, {body, headers, ...init}: ApiRequest = {}) {
    const response = await fetch(this.url + pathname, {
      method: body === undefined ? 'GET' : 'POST',
      ...init,
      headers: {authorization: `Bearer ${ACCESS_KEY}`, 'content-type': 'application/json', ...headers},
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const json: Json = text === '' ? undefined : JSON.parse(text);
    return {status: response.status, headers: response.headers, body: json, text};
  }

  /** Places a call and returns its SID. */
  async place(body: Readonly<Record<string, unknown>>): Promise<string> {
    const response = await this.api('/api/calls', {body});
    if (response.status !== 201) throw new Error(`the call was not placed: ${response.text}`);
    return response.body.callSid;
  }

  /** Waits until the call has a status in the journal. */
  async callIn(callSid: string, providerStatus: string, timeoutMs = 10_000) {
    return until(
      async () => {
        const {body} = await this.api(`/api/calls/${callSid}`);
        return body.providerStatus === providerStatus && body;
      },
      {what: `${callSid} to be ${providerStatus}`, timeoutMs},
    );
  }

  /** A client with the access key that may still be connecting. */
  connect(options: ConnectOptions = {}): TestClient {
    const client = new TestClient(this.wsUrl, {token: ACCESS_KEY, ...options});
    this.#clients.add(client);
    return client;
  }

  /** A client that has received `session.ready`. */
  async session(options: ConnectOptions = {}): Promise<TestClient> {
    const client = this.connect(options);
    await client.ready();
    return client;
  }

  /** Stops the server and starts a new one on the same journal and port. */
  async restart(): Promise<void> {
    await this.server.drain();
    this.server = this.#create();
    await this.server.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.terminate();
    await this.simulator.stop();
    await this.server.stop();
    await rm(this.folder, {recursive: true, force: true});
    const secrets = secretsOf(this.environment).filter((secret) => secret !== undefined);
    assertNoSecrets(this.logs, secrets);
  }

  #create(): GatewayServer {
    const destination = new Writable({
      write: (chunk, _encoding, done) => {
        this.logs.push(String(chunk));
        done();
      },
    });
    const {environment} = this;
    const logger = createLogger({level: environment.logLevel, destination, secrets: secretsOf(environment)});
    const {clock, twilio, authenticator, journal} = this.#options;
    return createServer({environment, logger, clock, authenticator, journal, twilio: twilio?.(environment)});
  }
}

/** Starts a simulator and a gateway. `await using gateway = await startGateway()` stops both. */
export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-test-'));
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const simulator = createSimulator({
    speed: 50,
    callsPerSecond: 0,
    voiceUrl: `${publicUrl}/twilio/voice`,
    statusCallback: `${publicUrl}/twilio/status`,
    ...options.simulator,
  });
  await simulator.start();
  const environment = loadEnvironment({
    env: {
      PORT: String(port),
      HOST: '127.0.0.1',
      PUBLIC_URL: publicUrl,
      TWILIO_ACCOUNT_SID: simulator.accountSid,
      TWILIO_AUTH_TOKEN: simulator.authToken,
      TWILIO_PHONE_NUMBER: simulator.phoneNumber,
      TWILIO_API_URL: simulator.url,
      DATABASE_URL: `file:${path.join(folder, 'hookswitch.db')}`,
      HOOKSWITCH_ACCESS_KEY: ACCESS_KEY,
      LOG_LEVEL: 'debug',
      MAX_CALLS_PER_MINUTE: '10000',
      MAX_ACTIVE_CALLS: '10000',
      ...options.env,
    },
  });
  const gateway = new TestGateway(options, simulator, environment, folder);
  try {
    await gateway.server.start();
    return gateway;
  } catch (error) {
    // Otherwise the simulator would keep the test process alive.
    await gateway[Symbol.asyncDispose]();
    throw error;
  }
}
