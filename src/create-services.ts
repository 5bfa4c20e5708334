/** Wires the services to the journal, the cluster and Twilio. Nothing is opened or started here. */
import type {Logger} from 'pino';
import packageJson from '../package.json' with {type: 'json'};
import type {Clock} from './clock.ts';
import {openCluster} from './cluster/open-cluster.ts';
import type {Environment} from './config/environment.ts';
import type {Journal} from './journal/journal.ts';
import {openJournal} from './journal/open-journal.ts';
import {createMetrics, type MetricSources} from './observability/metrics.ts';
import {OperatorServices} from './operator-services.ts';
import {CallQueries} from './services/calls/call-queries.ts';
import {CallService} from './services/calls/call-service.ts';
import {HangUp} from './services/calls/hang-up.ts';
import {PlacementLimits} from './services/calls/placement-limits.ts';
import {Reconciler} from './services/calls/reconciler.ts';
import {Retention} from './services/calls/retention.ts';
import {LiveFeed} from './services/feed/live-feed.ts';
import {Readiness} from './services/health/readiness.ts';
import {SessionService} from './services/session-service.ts';
import {ClusterSessionList} from './services/sessions/cluster-session-list.ts';
import {EpochFollower} from './services/sessions/epoch-follower.ts';
import {SessionPublisher} from './services/sessions/session-publisher.ts';
import {SessionQuota} from './services/sessions/session-quota.ts';
import {WebhookLog} from './services/webhooks/webhook-log.ts';
import {connectionLimits, openFileLimit} from './transport/connection-limits.ts';
import {TwilioRest} from './twilio/rest/twilio-rest.ts';
import type {TwilioClient} from './twilio/twilio-client.ts';

export interface ServicesOptions {
  readonly environment: Environment;
  readonly logger: Logger;
  readonly clock: Clock;
  /** @default the journal in DATABASE_URL */
  readonly journal?: Journal;
  /** @default Twilio's REST API, or the host in TWILIO_API_URL */
  readonly twilio?: TwilioClient;
}

export type Services = ReturnType<typeof createServices>;

export function createServices(options: ServicesOptions) {
  const {environment, logger, clock} = options;
  const journal =
    options.journal ??
    openJournal(environment.databaseUrl, {
      clock,
      onFault: (fault) => logger.error({err: fault}, 'journal fault'),
      onWarning: (warning) => logger.warn(warning),
    });
  const cluster = openCluster({
    databaseUrl: environment.databaseUrl,
    nodeId: environment.nodeId,
    version: packageJson.version,
    clock,
    logger,
  });
  const twilio = options.twilio ?? new TwilioRest(environment.twilio);
  const metrics = createMetrics();
  const limits = connectionLimits({openFiles: openFileLimit(), maxSessions: environment.maxSessions});
  const feed = new LiveFeed({journal, clock, logger});
  const sessions: SessionService = new SessionService({
    journal,
    feed,
    clock,
    logger,
    metrics,
    epoch: () => epochs.opening.epoch,
    sessionTimeoutMs: environment.sessionTimeoutMs,
    maxSessions: limits.maxSessions,
    maxSessionsPerUser: environment.maxSessionsPerUser,
    shared: cluster.sessions,
  });
  const epochs = new EpochFollower({journal, feed, sessions, clock, logger});
  const hangUp = new HangUp({twilio, journal, feed, clock, logger});
  const calls = new CallService({
    twilio,
    journal,
    feed,
    clock,
    logger,
    metrics,
    hangUp,
    limits: new PlacementLimits({
      feed,
      ledger: cluster.placement,
      allowedDestinations: environment.allowedDestinations,
      maxCallsPerMinute: environment.maxCallsPerMinute,
      maxActiveCalls: environment.maxActiveCalls,
    }),
    publicUrl: environment.publicUrl,
    phoneNumber: environment.twilio.phoneNumber,
    callTimeLimitS: environment.callTimeLimitS,
    // Assumed for every shared database, because another node may have joined since the last heartbeat.
    mayHaveOthers: cluster.sessions !== undefined,
  });
  const reconciler = new Reconciler({
    twilio,
    journal,
    feed,
    clock,
    logger,
    metrics,
    lease: cluster.lease('reconciler'),
    confirmations: cluster.confirmations,
  });
  const sources: MetricSources = {
    openSessions: () => sessions.openCount,
    laggingSessions: () => sessions.laggingCount,
    activeCalls: () => feed.activeCallCount,
  };
  return {
    journal,
    cluster,
    metrics,
    sources,
    limits,
    feed,
    sessions,
    epochs,
    hangUp,
    calls,
    reconciler,
    publisher: createPublisher({environment, cluster, sessions, feed, clock, logger}),
    clusterSessions: new ClusterSessionList({sessionList: sessions.sessionList, cluster, journal, logger}),
    records: new CallQueries({journal, reconciler, clock}),
    retention: new Retention({
      journal,
      clock,
      logger,
      retentionDays: environment.retentionDays,
      lease: cluster.lease('retention'),
    }),
    readiness: new Readiness({journal, clock}),
    webhooks: new WebhookLog(),
    operator: new OperatorServices({
      environment,
      journal,
      opening: () => epochs.opening,
      calls,
      metrics,
      sources,
      clock,
      logger,
    }),
  };
}

interface PublisherOptions {
  readonly environment: Environment;
  readonly cluster: ReturnType<typeof openCluster>;
  readonly sessions: SessionService;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Publishes our sessions to the other nodes; `undefined` without a shared database. */
function createPublisher({environment, cluster, sessions, feed, clock, logger}: PublisherOptions) {
  const {sessions: shared} = cluster;
  if (shared === undefined) return undefined;
  const {maxSessionsPerUser} = environment;
  const close = (sessionId: string) => sessions.closeOverQuota(sessionId);
  const quota =
    maxSessionsPerUser === undefined
      ? undefined
      : new SessionQuota({shared, clock, logger, maxSessionsPerUser, close});
  return new SessionPublisher({shared, sessionList: sessions.sessionList, feed, clock, logger, quota});
}
