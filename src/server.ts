/**
 * The composition root: configuration → journal → services → handlers → HTTP. `createServer` only wires; `start`,
 * `drain` and `stop` are the whole life of a server.
 */
import path from 'node:path';
import type {Logger} from 'pino';
import packageJson from '../package.json' with {type: 'json'};
import {type AccessKey, loadAccessKey} from './auth/access-key.ts';
import {Authentication} from './auth/authentication.ts';
import type {Authenticator} from './auth/authenticator.ts';
import {type Clock, systemClock} from './clock.ts';
import type {Cluster, NodeFacts} from './cluster/cluster.ts';
import {openCluster} from './cluster/open-cluster.ts';
import type {Environment} from './config/environment.ts';
import {type ConnectionLimits, connectionLimits, openFileLimit} from './connection-limits.ts';
import {createEventHandler} from './handlers/event-handler.ts';
import {createRequestHandler} from './handlers/request-handler.ts';
import {createClientErrorHandler} from './handlers/socket-answers.ts';
import {createUpgradeHandler} from './handlers/upgrade-handler.ts';
import {HttpListener} from './http-listener.ts';
import type {Journal} from './journal/journal.ts';
import {databaseFile, openJournal} from './journal/open-journal.ts';
import {createMetrics, type MetricSources, observe} from './observability/metrics.ts';
import {observeNodes} from './observability/node-metrics.ts';
import {OperatorServices} from './operator-services.ts';
import type {Outside} from './outside/outside.ts';
import {CallRecords} from './services/call-records.ts';
import {CallService} from './services/call-service.ts';
import {EpochFollower} from './services/epoch-follower.ts';
import {HangUp} from './services/hang-up.ts';
import {LiveFeed} from './services/live-feed.ts';
import {PlacementLimits} from './services/placement-limits.ts';
import {Readiness} from './services/readiness.ts';
import {Reconciler} from './services/reconciler.ts';
import {Retention} from './services/retention.ts';
import {SessionCatalog} from './services/session-catalog.ts';
import {HAND_OVER_MS} from './services/session-drain.ts';
import {SessionPublisher} from './services/session-publisher.ts';
import {SessionService} from './services/session-service.ts';
import {SessionSurplus} from './services/session-surplus.ts';
import {WebhookLog} from './services/webhook-log.ts';
import type {TwilioAccountClient} from './twilio/twilio-account.ts';
import type {TwilioClient} from './twilio/twilio-client.ts';
import {TwilioRest} from './twilio/twilio-rest.ts';

export interface ServerOptions {
  readonly environment: Environment;
  readonly logger: Logger;
  /** @default the system's */
  readonly clock?: Clock;
  /** @default what DATABASE_URL names */
  readonly journal?: Journal;
  /** @default Twilio's REST API, or what TWILIO_API_URL names */
  readonly twilio?: TwilioClient;
  /** @default the same, for what is asked about the account */
  readonly account?: TwilioAccountClient;
  /** How PUBLIC_URL is asked from outside. @default the network */
  readonly outside?: Outside;
  /** Asked about tokens that are not the access key. @default JWTs, as AUTH_* say */
  readonly authenticator?: Authenticator;
}

export interface Listening {
  /** Where the server is reached on this machine. */
  readonly url: string;
  readonly port: number;
  readonly accessKey: AccessKey;
}

export interface DrainOptions {
  /** Whoever has not gone so long after being asked to is cut off. @default 7000 */
  readonly deadlineMs?: number;
  /** Other nodes take the sessions over, which then go one after the other. @default whether there are other nodes */
  readonly handOver?: boolean;
}

/** Between two lines that say why nothing listens yet. */
const SLOW_OPENING_MS = 5000;

/** Longest drain of a server that is alone; with the journal's last write it stays below the 10 s that orchestrators allow. */
const DRAIN_MS = 7000;
/** Of a drain, what sessions get to answer our close; the rest is for requests under way. */
const SESSIONS_SHARE = 4 / 7;

/** Wires a server. Nothing is opened, listened to or sent before `start`. */
export function createServer(options: ServerOptions): GatewayServer {
  return new GatewayServer(options);
}

export class GatewayServer {
  readonly #environment: Environment;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #cluster: Cluster;
  readonly #feed: LiveFeed;
  readonly #sessions: SessionService;
  readonly #catalog: SessionCatalog;
  readonly #publisher: SessionPublisher | undefined;
  readonly #calls: CallService;
  readonly #records: CallRecords;
  readonly #hangUp: HangUp;
  readonly #reconciler: Reconciler;
  readonly #retention: Retention;
  readonly #readiness: Readiness;
  readonly #limits: ConnectionLimits;
  readonly #operator: OperatorServices;
  readonly #metrics = createMetrics();
  readonly #sources: MetricSources = {
    openSessions: () => this.#sessions.openCount,
    laggingSessions: () => this.#sessions.laggingCount,
    activeCalls: () => this.#feed.activeCallCount,
  };
  readonly #webhooks = new WebhookLog();
  readonly #otherTokens: Authenticator | undefined;
  #authentication: Authentication | undefined;
  readonly #epochs: EpochFollower;
  #http: HttpListener | undefined;
  #starting: Promise<Listening> | undefined;
  #stopping: Promise<void> | undefined;
  #ending: Promise<void> | undefined;

  constructor({
    environment,
    logger,
    clock = systemClock,
    journal,
    twilio,
    authenticator,
    account,
    outside,
  }: ServerOptions) {
    const {publicUrl, callTimeLimitS, sessionTimeoutMs, maxSessions, maxSessionsPerUser} = environment;
    const {allowedDestinations, maxCallsPerMinute, maxActiveCalls, retentionDays} = environment;
    const {phoneNumber} = environment.twilio;
    this.#environment = environment;
    this.#logger = logger;
    this.#clock = clock;
    this.#otherTokens = authenticator;
    const onFault = (fault: Error) => logger.error({err: fault}, 'journal fault');
    const onWarning = (warning: string) => logger.warn(warning);
    this.#journal = journal ?? openJournal(environment.databaseUrl, {clock, onFault, onWarning});
    const {version} = packageJson;
    const {databaseUrl} = environment;
    this.#cluster = openCluster({databaseUrl, nodeId: environment.nodeId, version, clock, logger});
    const cluster = this.#cluster;
    const client = twilio ?? new TwilioRest(environment.twilio);
    const metrics = this.#metrics;
    this.#limits = connectionLimits({openFiles: openFileLimit(), maxSessions});
    const common = {journal: this.#journal, clock, logger, metrics};
    this.#feed = new LiveFeed(common);
    const withFeed = {...common, feed: this.#feed, twilio: client};
    this.#sessions = new SessionService({
      ...withFeed,
      epoch: () => this.#epochs.opening.epoch,
      sessionTimeoutMs,
      maxSessions: this.#limits.maxSessions,
      maxSessionsPerUser,
      shared: cluster.sessions,
    });
    const {directory} = this.#sessions;
    this.#catalog = new SessionCatalog({...common, directory, cluster});
    const {sessions: shared} = cluster;
    if (shared !== undefined) {
      const close = (sessionId: string) => this.#sessions.closeSurplus(sessionId);
      const surplus =
        maxSessionsPerUser === undefined
          ? undefined
          : new SessionSurplus({...common, shared, maxSessionsPerUser, close});
      this.#publisher = new SessionPublisher({...withFeed, shared, directory, surplus});
    }
    this.#epochs = new EpochFollower({...withFeed, sessions: this.#sessions});
    this.#hangUp = new HangUp(withFeed);
    const limits = new PlacementLimits({
      ...withFeed,
      ledger: cluster.placement,
      allowedDestinations,
      maxCallsPerMinute,
      maxActiveCalls,
    });
    const hangUp = this.#hangUp;
    // Others may have joined since the last heartbeat.
    const mayHaveOthers = cluster.sessions !== undefined;
    this.#calls = new CallService({
      ...{...withFeed, hangUp, limits, publicUrl, phoneNumber, callTimeLimitS, mayHaveOthers},
    });
    this.#reconciler = new Reconciler({
      ...{...withFeed, confirmations: cluster.confirmations},
      lease: cluster.lease('reconciler'),
    });
    this.#records = new CallRecords({...common, reconciler: this.#reconciler});
    this.#retention = new Retention({...common, retentionDays, lease: cluster.lease('retention')});
    this.#readiness = new Readiness(common);
    this.#operator = new OperatorServices({
      ...common,
      environment,
      account,
      outside,
      calls: this.#calls,
      sources: this.#sources,
      opening: () => this.#epochs.opening,
    });
  }

  /**
   * Opens the journal, starts the services, listens.
   * @throws when the journal cannot be opened or the port is taken; then nothing is left running
   */
  start(): Promise<Listening> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Milliseconds that a drain may take now. */
  get longestDrainMs(): number {
    return DRAIN_MS + (this.#hasOthers ? HAND_OVER_MS : 0);
  }

  /**
   * Not ready any more; sessions are told to reconnect, spread out where other nodes take them; webhooks and API are
   * answered until they have gone, and requests under way are finished; what was accepted is on disk.
   */
  async drain({deadlineMs = DRAIN_MS, handOver = this.#hasOthers}: DrainOptions = {}): Promise<void> {
    this.#readiness.drain();
    await this.#started();
    this.#logger.info({sessions: this.#sessions.openCount, handOver}, 'draining');
    const sessionsMs = deadlineMs * SESSIONS_SHARE;
    const allMs = sessionsMs + (handOver ? HAND_OVER_MS : 0);
    await Promise.race([this.#sessions.drain({handOver}), this.#deadline(allMs)]);
    await this.#stopOnce(deadlineMs - sessionsMs);
  }

  /** Ends everything; requests under way get a moment. Idempotent. */
  stop(): Promise<void> {
    return this.#stopOnce(DRAIN_MS * (1 - SESSIONS_SHARE));
  }

  async #start(): Promise<Listening> {
    try {
      const accessKey = await this.#openJournal();
      await this.#feed.start();
      await this.#cluster.start(() => this.#nodeFacts());
      observe(this.#metrics, this.#sources);
      observeNodes(this.#metrics, () => this.#cluster.nodes());
      this.#sessions.start();
      this.#publisher?.start();
      this.#hangUp.start();
      const http = this.#createHttp(this.#startAuthentication(accessKey));
      const port = await http.listen(this.#environment);
      this.#tellOfFewerSessions();
      this.#reconciler.start();
      this.#retention.start();
      this.#operator.start();
      return {url: `http://localhost:${port}`, port, accessKey};
    } catch (error) {
      await this.#end(0);
      throw error;
    }
  }

  #nodeFacts(): NodeFacts {
    const {directory} = this.#sessions;
    return {
      head: this.#feed.head,
      openSessions: this.#sessions.openCount,
      laggingSessions: this.#sessions.laggingCount,
      openedSessions: directory.openedCount,
      closes: directory.closes(),
    };
  }

  #tellOfFewerSessions(): void {
    const {maxSessions} = this.#limits;
    if (maxSessions >= this.#environment.maxSessions) return;
    this.#logger.warn(
      {maxSessions, openFiles: openFileLimit()},
      'fewer sessions than MAX_SESSIONS: this process may open too few files (ulimit -n)',
    );
  }

  /** A start that is under way is seen to its end first: half of one cannot be stopped. */
  async #started(): Promise<void> {
    await this.#starting?.catch(() => {});
  }

  #stopOnce(requestsMs: number): Promise<void> {
    this.#stopping ??= this.#started().then(() => this.#end(requestsMs));
    return this.#stopping;
  }

  #end(requestsMs: number): Promise<void> {
    this.#ending ??= this.#endAll(requestsMs);
    return this.#ending;
  }

  async #endAll(requestsMs: number): Promise<void> {
    this.#readiness.drain();
    this.#reconciler.stop();
    this.#retention.stop();
    this.#operator.stop();
    this.#hangUp.stop();
    this.#authentication?.stop();
    const closed = this.#http?.close(requestsMs);
    // Upgraded sockets are no requests: those that did not answer our close get no more time.
    this.#sessions.terminateAll();
    await closed;
    await this.#calls.stop();
    this.#sessions.stop();
    this.#publisher?.stop();
    this.#epochs.stop();
    this.#feed.stop();
    // Last of all but the journal: until here a call may be given its line back, a look-up be written.
    await this.#cluster.stop();
    await this.#journal.close();
    this.#metrics.registry.clear();
  }

  async #openJournal(): Promise<AccessKey> {
    const {accessKey, databaseUrl} = this.#environment;
    const told = this.#clock.every(SLOW_OPENING_MS, () =>
      this.#logger.info(
        'the journal is still being opened: after an upgrade its tables are brought up to date, a minute or so for a million entries',
      ),
    );
    const opening = await this.#journal.open().finally(told);
    const {epoch, head, lost} = opening;
    this.#journal.onEpoch?.(() => this.#cluster.renew());
    this.#epochs.start(opening);
    if (lost !== undefined) {
      this.#logger.error(lost, 'the journal has lost entries that had been acknowledged; a new epoch begins');
    }
    this.#logger.info({epoch, head}, 'journal open');
    if (accessKey !== undefined) return {key: accessKey};
    // The key is kept beside the database: whoever may read the one may read the other.
    return loadAccessKey(accessKey, path.join(path.dirname(databaseFile(databaseUrl)), 'access-key'));
  }

  #startAuthentication({key}: AccessKey): Authentication {
    this.#authentication = new Authentication({
      accessKey: key,
      jwt: this.#environment.auth,
      other: this.#otherTokens,
      clock: this.#clock,
      logger: this.#logger,
    });
    this.#authentication.start();
    return this.#authentication;
  }

  #createHttp(authenticator: Authentication): HttpListener {
    const {allowedOrigins, publicUrl, voiceTwiml, callTimeLimitS, retentionDays, twilio} = this.#environment;
    const basePath = new URL(publicUrl).pathname.replace(/\/$/, '');
    const origins = {allowedOrigins, publicUrl, port: this.#environment.port};
    const sessions = this.#sessions;
    const calls = this.#calls;
    const common = {clock: this.#clock, logger: this.#logger, authenticator, sessions, calls};
    const app = createRequestHandler({
      ...common,
      journal: this.#journal,
      records: this.#records,
      catalog: this.#catalog,
      metrics: this.#metrics,
      webhooks: this.#webhooks,
      readiness: this.#readiness,
      ...this.#operatorRoutes(),
      origins,
      basePath,
      publicUrl,
      port: this.#environment.port,
      voiceTwiml,
      callTimeLimitS,
      retentionDays,
      version: packageJson.version,
      phoneNumber: twilio.phoneNumber,
      accountSid: twilio.accountSid,
      authTokens: [twilio.authToken, twilio.alternateAuthToken].filter((token) => token !== undefined),
    });
    const handleMessage = createEventHandler(common);
    this.#http = new HttpListener({
      onRequest: app,
      onUpgrade: createUpgradeHandler({...common, handleMessage, origins, basePath}),
      onClientError: createClientErrorHandler(this.#logger),
      clock: this.#clock,
      logger: this.#logger,
      maxConnections: this.#limits.maxConnections,
    });
    return this.#http;
  }

  #operatorRoutes() {
    const {doctor, sampler, simulator, proof, pointNumber} = this.#operator;
    return {doctor, sampler, simulator, simulation: simulator, proof, pointNumber};
  }

  get #hasOthers(): boolean {
    return this.#cluster.nodes().some(({isSelf}) => !isSelf);
  }

  #deadline(delayMs: number): Promise<void> {
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#clock.after(delayMs, resolve);
    return promise;
  }
}
