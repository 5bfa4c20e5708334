/** Wires the HTTP and WebSocket side to the services. Nothing listens yet. */
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
  const {journal, sessions, calls, operator} = services;
  const {publicUrl, twilio} = environment;
  const origins = {allowedOrigins: environment.allowedOrigins, publicUrl, port: environment.port};
  const basePath = new URL(publicUrl).pathname.replace(/\/$/, '');
  const authTokens = [twilio.authToken, twilio.alternateAuthToken].filter((token) => token !== undefined);
  const clientAddress = createClientAddress(environment.trustedProxies);
  const onRequest = createRequestHandler({
    clock,
    logger,
    authenticator,
    journal,
    calls,
    records: services.records,
    clusterSessions: services.clusterSessions,
    metrics: services.metrics,
    metricsToken: environment.metricsToken,
    clientAddress,
    webhooks: services.webhooks,
    readiness: services.readiness,
    doctor: operator.doctor,
    sampler: operator.sampler,
    simulator: operator.simulator,
    simulation: operator.simulator,
    identity: operator.identity,
    pointNumber: operator.pointNumber,
    origins,
    basePath,
    publicUrl,
    port: environment.port,
    voiceTwiml: environment.voiceTwiml,
    callTimeLimitS: environment.callTimeLimitS,
    retentionDays: environment.retentionDays,
    version: packageJson.version,
    phoneNumber: twilio.phoneNumber,
    accountSid: twilio.accountSid,
    authTokens,
  });
  const handleMessage = createEventHandler({sessions, calls, authenticator, clock, logger});
  return new HttpListener({
    onRequest,
    onUpgrade: createUpgradeHandler({
      sessions,
      authenticator,
      handleMessage,
      clientAddress,
      logger,
      origins,
      basePath,
    }),
    onClientError: createClientErrorHandler(logger),
    clock,
    logger,
    maxConnections: services.limits.maxConnections,
  });
}
