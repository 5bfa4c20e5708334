/**
 * The session side of the gateway alone: real sockets, a real journal on disk, the real handlers, and no
 * Twilio.
 *
 * For tests that need something a whole gateway does not offer: principals other than the access key's, a
 * small feed, or a failing journal.
 */
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {type ProviderStatus, scopes} from '@hookswitch/protocol';
import type {Authenticator, Principal} from '../../../src/auth/authenticator.ts';
import {type Clock, systemClock} from '../../../src/clock.ts';
import {LocalPlacementLedger} from '../../../src/cluster/local-placement-ledger.ts';
import {createEventHandler} from '../../../src/handlers/event-handler.ts';
import {createUpgradeHandler} from '../../../src/handlers/upgrade-handler.ts';
import type {StatusEvent} from '../../../src/journal/call-event.ts';
import type {Journal} from '../../../src/journal/journal.ts';
import {openJournal} from '../../../src/journal/open-journal.ts';
import {createLogger} from '../../../src/observability/logger.ts';
import {createMetrics} from '../../../src/observability/metrics.ts';
import {CallService} from '../../../src/services/calls/call-service.ts';
import {HangUp} from '../../../src/services/calls/hang-up.ts';
import {PlacementLimits} from '../../../src/services/calls/placement-limits.ts';
import {LiveFeed} from '../../../src/services/feed/live-feed.ts';
import {SessionService} from '../../../src/services/session-service.ts';
import {createClientAddress} from '../../../src/transport/client-address.ts';
import {TwilioRest} from '../../../src/twilio/rest/twilio-rest.ts';
import {until} from '../../support/until.ts';
import {type ConnectOptions, TestClient} from '../../support/websocket/client.ts';
import {RawWebSocket} from '../../support/websocket/raw-websocket.ts';

export interface SessionHostOptions {
  readonly clock?: Clock;
  readonly feedBytes?: number;
  readonly maxSessions?: number;
  readonly maxSessionsPerUser?: number;
  readonly sessionTimeoutMs?: number;
  /** The principal of each token. @default `all` for the user `operator` with every scope */
  readonly principals?: Readonly<Record<string, Principal>>;
  /** Wraps the journal on disk for the services. */
  readonly wrapJournal?: (journal: Journal) => Journal;
  readonly verify?: (token: string) => Promise<void>;
}

/** The sid of a call, by number. */
export function callSid(call: number): string {
  return `CA${call.toString(16).padStart(32, '0')}`;
}

export const everyone: Principal = {user: 'operator', scopes: new Set(scopes)};

export class SessionHost implements AsyncDisposable, Authenticator {
  readonly journal: Journal;
  readonly feed: LiveFeed;
  readonly sessions: SessionService;
  readonly metrics = createMetrics();
  readonly http: Server;
  readonly logs: string[] = [];
  readonly #options: SessionHostOptions;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #clients = new Set<{terminate(): void}>();
  #epoch = '';
  #port = 0;
  #nextEvent = 0;

  constructor(folder: string, options: SessionHostOptions) {
    this.#options = options;
    this.#folder = folder;
    this.#clock = options.clock ?? systemClock;
    const {clock, metrics} = {clock: this.#clock, metrics: this.metrics};
    const logger = createLogger({
      level: 'debug',
      pretty: false,
      destination: {write: (line) => this.logs.push(line)},
    });
    const onDisk = openJournal(`file:${path.join(folder, 'hookswitch.db')}`, {clock});
    this.journal = options.wrapJournal?.(onDisk) ?? onDisk;
    const common = {journal: this.journal, clock, logger, metrics};
    this.feed = new LiveFeed({...common, maxBytes: options.feedBytes});
    const twilio = new TwilioRest({
      accountSid: `AC${'0'.repeat(32)}`,
      authToken: 'unused',
      apiUrl: 'http://127.0.0.1:9',
    });
    const withFeed = {...common, feed: this.feed, twilio};
    const hangUp = new HangUp(withFeed);
    const limits = new PlacementLimits({
      ...withFeed,
      ledger: new LocalPlacementLedger({clock}),
      allowedDestinations: 'any',
      maxCallsPerMinute: 60,
      maxActiveCalls: 100,
    });
    const calls = new CallService({
      ...withFeed,
      hangUp,
      limits,
      publicUrl: 'https://gateway.example.com',
      phoneNumber: '+15005550006',
      callTimeLimitS: 14_400,
    });
    const {maxSessions = 10_000, maxSessionsPerUser, sessionTimeoutMs = 35_000} = options;
    const limitsOfSessions = {maxSessions, maxSessionsPerUser, sessionTimeoutMs};
    this.sessions = new SessionService({...withFeed, ...limitsOfSessions, epoch: () => this.#epoch});
    const handlers = {clock, logger, authenticator: this, sessions: this.sessions, calls};
    const handleMessage = createEventHandler(handlers);
    const origins = {allowedOrigins: [], publicUrl: 'https://gateway.example.com', port: 0};
    this.http = createServer();
    this.http.on(
      'upgrade',
      createUpgradeHandler({
        ...handlers,
        handleMessage,
        origins,
        clientAddress: createClientAddress([]),
        basePath: '',
      }),
    );
  }

  async verify(token: string): Promise<Principal | undefined> {
    await this.#options.verify?.(token);
    return (this.#options.principals ?? {all: everyone})[token];
  }

  async start(): Promise<void> {
    this.#epoch = (await this.journal.open()).epoch;
    await this.feed.start();
    this.sessions.start();
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    this.#port = (this.http.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/ws`;
  }

  get epoch(): string {
    return this.#epoch;
  }

  connect(options: ConnectOptions = {}): TestClient {
    const client = new TestClient(this.url, {token: 'all', ...options});
    this.#clients.add(client);
    return client;
  }

  async session(options: ConnectOptions = {}): Promise<TestClient> {
    const client = this.connect(options);
    await client.ready();
    return client;
  }

  /** A session over a raw WebSocket, resumed at `offset` if it is given. */
  async rawSession(offset?: number): Promise<RawWebSocket> {
    const path = offset === undefined ? '/ws' : `/ws?epoch=${this.#epoch}&offset=${offset}`;
    const client = await RawWebSocket.open(this.url, 'all', {path});
    this.#clients.add({terminate: () => client.vanish()});
    return client;
  }

  /** The session list's entry for `client`. */
  describe(sessionId: string | undefined) {
    return [...this.sessions.sessionList.list()].find((session) => session.sessionId === sessionId);
  }

  /** A new event of a call. */
  event(call: number, providerStatus: ProviderStatus, fields: Partial<StatusEvent> = {}): StatusEvent {
    this.#nextEvent += 1;
    const now = this.#clock.now();
    return {
      kind: 'status',
      callSid: callSid(call),
      dedupeKey: `test:${this.#nextEvent}`,
      source: 'callback',
      providerStatus,
      happenedAt: now,
      receivedAt: now,
      direction: 'outbound-api',
      from: '+15005550006',
      to: '+15550100001',
      ...fields,
    };
  }

  async append(call: number, providerStatus: ProviderStatus, fields?: Partial<StatusEvent>) {
    return this.journal.append(this.event(call, providerStatus, fields));
  }

  /**
   * Appends `count` entries, each for a new call. A long `to` makes them large. Resolves once the feed has
   * them.
   */
  async appendCalls(count: number, {first = 0, to = '+15550100001'} = {}): Promise<void> {
    const all = Array.from({length: count}, (_, index) => this.append(first + index, 'queued', {to}));
    await Promise.all(all);
    await this.caughtUp();
  }

  async caughtUp(): Promise<void> {
    await until(() => this.feed.head === this.journal.head(), {what: 'the feed to follow the journal'});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.terminate();
    this.sessions.terminateAll();
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    this.http.closeAllConnections();
    await closed;
    this.sessions.stop();
    this.feed.stop();
    await this.journal.close();
    await rm(this.#folder, {recursive: true, force: true});
  }
}

/** `await using host = await startSessionHost()`. */
export async function startSessionHost(options: SessionHostOptions = {}): Promise<SessionHost> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-sessions-'));
  const host = new SessionHost(folder, options);
  await host.start();
  return host;
}
