/**
 * The composition root: configuration → journal → services → handlers → HTTP. `createServer` only wires the
 * parts. `start`, `drain` and `stop` are the whole life cycle of a server.
 */
import path from 'node:path';
import type {Logger} from 'pino';
import {type AccessKey, loadAccessKey} from './auth/access-key.ts';
import {Authentication} from './auth/authentication.ts';
import type {Authenticator} from './auth/authenticator.ts';
import {type Clock, systemClock} from './clock.ts';
import type {NodeFacts} from './cluster/cluster.ts';
import type {Environment} from './config/environment.ts';
import {createHttp} from './create-http.ts';
import {createServices, type Services, type ServicesOptions} from './create-services.ts';
import {databaseFile} from './journal/open-journal.ts';
import {Lifecycle} from './lifecycle.ts';
import {observe} from './observability/metrics.ts';
import {observeNodes} from './observability/node-metrics.ts';
import {HAND_OVER_MS} from './services/sessions/session-drain.ts';
import {openFileLimit} from './transport/connection-limits.ts';
import type {HttpListener} from './transport/http-listener.ts';

export interface ServerOptions extends Omit<ServicesOptions, 'clock'> {
  /** @default the system's */
  readonly clock?: Clock;
  /** Verifies tokens other than the access key. @default JWTs, configured by the `AUTH_*` variables */
  readonly authenticator?: Authenticator;
}

export interface Listening {
  /** The URL of the server on this machine. */
  readonly url: string;
  readonly port: number;
  readonly accessKey: AccessKey;
}

export interface DrainOptions {
  /** Milliseconds after which open connections are destroyed. @default 7000 */
  readonly deadlineMs?: number;
  /** Hands sessions over to other nodes, one after the other. @default `true` if there are other nodes */
  readonly handOver?: boolean;
}

/** Interval of the log line that explains why the server does not listen yet. */
const SLOW_OPENING_MS = 5000;

/**
 * Longest drain of a server without other nodes. Together with the journal's last write it stays below the 10
 * s that orchestrators allow.
 */
const DRAIN_MS = 7000;
/** Share of a drain in which sessions may answer our close frame. The rest is for requests in progress. */
const SESSIONS_SHARE = 4 / 7;

/** Wires a server. It opens nothing, listens on nothing and sends nothing before `start`. */
export function createServer(options: ServerOptions): GatewayServer {
  return new GatewayServer(options);
}

export class GatewayServer {
  readonly #environment: Environment;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #services: Services;
  readonly #lifecycle: Lifecycle;
  readonly #tokens: Authenticator | undefined;
  #accessKey: AccessKey | undefined;
  #authentication: Authentication | undefined;
  #http: HttpListener | undefined;
  #port = 0;
  /** Time that requests in progress get when the server stops. 0 if the server never listened. */
  #requestsMs = 0;

  constructor({environment, logger, clock = systemClock, authenticator, ...ports}: ServerOptions) {
    this.#environment = environment;
    this.#logger = logger;
    this.#clock = clock;
    this.#tokens = authenticator;
    this.#services = createServices({...ports, environment, logger, clock});
    const {journal, epochs, feed, cluster, metrics, sources, sessions} = this.#services;
    const {publisher, hangUp, calls, reconciler, retention, operator, readiness} = this.#services;
    this.#lifecycle = new Lifecycle([
      {name: 'journal', start: () => this.#openJournal(), stop: () => journal.close()},
      {name: 'epochs', stop: () => epochs.stop()},
      {name: 'feed', start: () => feed.start(), stop: () => feed.stop()},
      // Stops before the feed, because a placed call releases its slot only once the feed has read its first
      // entry.
      {name: 'cluster', start: () => cluster.start(() => this.#nodeFacts()), stop: () => cluster.stop()},
      {name: 'metrics', start: () => observe(metrics, sources), stop: () => metrics.registry.clear()},
      {name: 'node metrics', start: () => observeNodes(metrics, () => cluster.nodes())},
      {name: 'sessions', start: () => sessions.start(), stop: () => sessions.stop()},
      {name: 'publisher', start: () => publisher?.start(), stop: () => publisher?.stop()},
      {name: 'calls', stop: () => calls.stop()},
      {name: 'hang-up', start: () => hangUp.start(), stop: () => hangUp.stop()},
      {name: 'authentication', start: () => this.#authenticate(), stop: () => this.#authentication?.stop()},
      {name: 'http', start: () => this.#listen(), stop: () => this.#closeHttp()},
      {name: 'reconciler', start: () => reconciler.start(), stop: () => reconciler.stop()},
      {name: 'retention', start: () => retention.start(), stop: () => retention.stop()},
      {name: 'operator services', start: () => operator.start(), stop: () => operator.stop()},
      {name: 'readiness', stop: () => readiness.drain()},
    ]);
  }

  /**
   * Opens the journal, starts the services, listens.
   * @throws if the journal cannot be opened or the port is taken; in that case nothing keeps running
   */
  async start(): Promise<Listening> {
    await this.#lifecycle.start();
    if (this.#accessKey === undefined) throw new Error('the server has no access key');
    return {url: `http://localhost:${this.#port}`, port: this.#port, accessKey: this.#accessKey};
  }

  /** The longest time, in milliseconds, that a drain started now can take. */
  get longestDrainMs(): number {
    return DRAIN_MS + (this.#hasOthers ? HAND_OVER_MS : 0);
  }

  /**
   * Turns readiness off and asks sessions to reconnect, spread over time if other nodes accept them. The
   * server answers webhooks and the API until the sessions have closed. Then it finishes requests in progress
   * and closes the journal.
   */
  async drain({deadlineMs = DRAIN_MS, handOver = this.#hasOthers}: DrainOptions = {}): Promise<void> {
    const {readiness, sessions} = this.#services;
    readiness.drain();
    await this.#lifecycle.started();
    this.#logger.info({sessions: sessions.openCount, handOver}, 'draining');
    const sessionsMs = deadlineMs * SESSIONS_SHARE;
    const deadline = Promise.withResolvers<void>();
    this.#clock.after(sessionsMs + (handOver ? HAND_OVER_MS : 0), deadline.resolve);
    await Promise.race([sessions.drain({handOver}), deadline.promise]);
    await this.#stop(deadlineMs - sessionsMs);
  }

  /** Stops everything. Requests in progress get a short time to finish. Idempotent. */
  stop(): Promise<void> {
    return this.#stop(DRAIN_MS * (1 - SESSIONS_SHARE));
  }

  async #stop(requestsMs: number): Promise<void> {
    await this.#lifecycle.started();
    this.#requestsMs = requestsMs;
    await this.#lifecycle.stop();
  }

  async #openJournal(): Promise<void> {
    const {accessKey, databaseUrl} = this.#environment;
    const {journal, cluster, epochs} = this.#services;
    const cancelNotice = this.#clock.every(SLOW_OPENING_MS, () =>
      this.#logger.info(
        'the journal is still opening: after an upgrade, migrating its tables takes about a minute per million entries',
      ),
    );
    const opening = await journal.open().finally(cancelNotice);
    const {epoch, head, lost} = opening;
    journal.onEpoch?.(() => cluster.renew());
    epochs.start(opening);
    if (lost !== undefined) {
      this.#logger.error(lost, 'the journal lost acknowledged entries, so a new epoch begins');
    }
    this.#logger.info({epoch, head}, 'journal open');
    // The key file is beside the database because anyone who can read the database could read the key as
    // well.
    this.#accessKey =
      accessKey === undefined
        ? await loadAccessKey(accessKey, path.join(path.dirname(databaseFile(databaseUrl)), 'access-key'))
        : {key: accessKey};
  }

  #authenticate(): void {
    if (this.#accessKey === undefined) throw new Error('the access key is loaded with the journal');
    this.#authentication = new Authentication({
      accessKey: this.#accessKey.key,
      jwt: this.#environment.auth,
      other: this.#tokens,
      clock: this.#clock,
      logger: this.#logger,
    });
    this.#authentication.start();
  }

  async #listen(): Promise<void> {
    if (this.#authentication === undefined) throw new Error('authentication starts before HTTP');
    this.#http = createHttp({
      environment: this.#environment,
      logger: this.#logger,
      clock: this.#clock,
      services: this.#services,
      authenticator: this.#authentication,
    });
    this.#port = await this.#http.listen(this.#environment);
    const {maxSessions} = this.#services.limits;
    if (maxSessions >= this.#environment.maxSessions) return;
    this.#logger.warn(
      {maxSessions, openFiles: openFileLimit()},
      'fewer sessions than MAX_SESSIONS: the open file limit of this process (ulimit -n) is too low',
    );
  }

  async #closeHttp(): Promise<void> {
    const closed = this.#http?.close(this.#requestsMs);
    // Sessions that did not answer our close frame get no more time, because an upgraded socket is not a
    // request.
    this.#services.sessions.terminateAll();
    await closed;
  }

  #nodeFacts(): NodeFacts {
    const {feed, sessions} = this.#services;
    return {
      head: feed.head,
      openSessions: sessions.openCount,
      laggingSessions: sessions.laggingCount,
      openedSessions: sessions.sessionList.openedCount,
      closes: sessions.sessionList.closes(),
    };
  }

  get #hasOthers(): boolean {
    return this.#services.cluster.nodes().some(({isSelf}) => !isSelf);
  }
}
