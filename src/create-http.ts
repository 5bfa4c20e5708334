/** Connects the HTTP and WebSocket handlers to the services. Nothing listens yet. */
import type {Logger} from 'pino';
import packageJson from '../package.json' with {type: 'json'};
import type {Authenticator} from './auth/authenticator.ts';
import type {Clock} from './clock.ts';
import type {Environment} from './config/environment.ts';
import type {Services} from './create-services.ts';
import {createEventHandler} from './handlers/event-handler.ts';
import {createClientErrorHandler} from './handlers/http/raw-socket-responses.ts';
import {createRequestHandler} from './handlers/request-handler.ts';
import {createUpgradeHandler} from './handlers/upgrade-handler.ts';
import {basePathOf} from './network/base-path.ts';
import {createClientAddress} from './transport/client-address.ts';
import {HttpListener} from './transport/http-listener.ts';

export interface HttpOptions {
  readonly environment: Environment;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly services: Services;
  readonly authenticator: Authenticator;
}

export function createHttp({environment, logger, clock, services, authenticator}: HttpOptions): HttpListener {
  const {journal, sessions, calls, metrics, webhooks, operator} = services;
  const {publicUrl, port, twilio} = environment;
  const {accountSid, phoneNumber} = twilio;
  const basePath = basePathOf(publicUrl);
  const origins = {allowedOrigins: environment.allowedOrigins, publicUrl, port};
  const authTokens = [twilio.authToken, twilio.alternateAuthToken].filter((token) => token !== undefined);
  const clientAddress = createClientAddress(environment.trustedProxies);
  const handleRequest = createRequestHandler({
    authenticator,
    clock,
    logger,
    origins,
    basePath,
    publicUrl,
    webhooks: {
      journal,
      clock,
      logger,
      metrics,
      webhooks,
      clientAddress,
      publicUrl,
      basePath,
      accountSid,
      authTokens,
      voiceTwiml: environment.voiceTwiml,
      callTimeLimitS: environment.callTimeLimitS,
    },
    calls: {calls, records: services.records, clock, basePath},
    operations: {
      authenticator,
      metrics,
      readiness: services.readiness,
      identity: operator.identity,
      metricsToken: environment.metricsToken,
    },
    webhookLog: {webhooks, authenticator, publicUrl, accountSid, authTokens, port},
    sessions: {authenticator, clusterSessions: services.clusterSessions},
    info: {
      authenticator,
      clock,
      journal,
      version: packageJson.version,
      publicUrl,
      phoneNumber,
      retentionDays: environment.retentionDays,
      simulation: operator.simulator,
    },
    health: {
      authenticator,
      doctor: operator.doctor,
      sampler: operator.sampler,
      pointNumber: operator.pointNumber,
    },
    simulator: {authenticator, simulator: operator.simulator},
    console: {basePath},
  });
  const handleMessage = createEventHandler({sessions, calls, authenticator, clock, logger});
  const handleUpgrade = createUpgradeHandler({
    sessions,
    authenticator,
    handleMessage,
    clientAddress,
    logger,
    origins,
    basePath,
  });
  return new HttpListener({
    onRequest: handleRequest,
    onUpgrade: handleUpgrade,
    onClientError: createClientErrorHandler(logger),
    clock,
    logger,
    maxConnections: services.limits.maxConnections,
  });
}
