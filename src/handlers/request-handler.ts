/**
 * The HTTP side: Twilio's webhooks on `node:http`, and all the rest — API, operations, the console at `/` —
 * as one Express app.
 */
import type {RequestListener} from 'node:http';
import cors from 'cors';
import express, {type Express, type Request, type RequestHandler} from 'express';
import helmet from 'helmet';
import type {Logger} from 'pino';
import {isAllowedOrigin, type OriginPolicy} from '../auth/allowed-origins.ts';
import type {Authenticator} from '../auth/authenticator.ts';
import type {Clock} from '../clock.ts';
import {AppError} from '../errors/app-error.ts';
import type {CallQueries} from '../services/calls/call-queries.ts';
import type {CallService} from '../services/calls/call-service.ts';
import {createCallRoutes} from './api/call-routes.ts';
import {createConsoleRoutes} from './api/console-routes.ts';
import {createHealthRoutes, type HealthRoutesOptions} from './api/health-routes.ts';
import {createInfoRoutes, type InfoRoutesOptions} from './api/info-routes.ts';
import {createOperationsRoutes, type OperationsRoutesOptions} from './api/operations-routes.ts';
import {exactPaths, only} from './api/paths.ts';
import {createSessionRoutes, type SessionRoutesOptions} from './api/session-routes.ts';
import {createSimulatorRoutes, type SimulatorRoutesOptions} from './api/simulator-routes.ts';
import {createWebhookLogRoutes, type WebhookLogRoutesOptions} from './api/webhook-log-routes.ts';
import {allowedHeaders, exposedHeaders, PREFLIGHT_MAX_AGE_S} from './http/cors-headers.ts';
import {createErrorHandler, notFoundHandler} from './http/http-errors.ts';
import {createAuthentication, createRequestLogger} from './http/request-context.ts';
import {createUnmatchedWebhookRoutes} from './webhooks/unmatched-webhook-routes.ts';
import {createWebhookHandler, type WebhookHandlerOptions} from './webhooks/webhook-handler.ts';

export interface RequestHandlerOptions
  extends WebhookHandlerOptions,
    WebhookLogRoutesOptions,
    OperationsRoutesOptions,
    SessionRoutesOptions,
    InfoRoutesOptions,
    HealthRoutesOptions,
    SimulatorRoutesOptions {
  readonly calls: CallService;
  readonly records: CallQueries;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly origins: OriginPolicy;
  /** Path of PUBLIC_URL; empty when it has none. */
  readonly basePath: string;
}

export function createRequestHandler(options: RequestHandlerOptions): RequestListener {
  const takeWebhook = createWebhookHandler(options);
  const app = createApp(options);
  return (request, response) => {
    if (!takeWebhook(request, response)) app(request, response);
  };
}

function createApp(options: RequestHandlerOptions): Express {
  const {authenticator, clock, logger} = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', exactPaths.caseSensitive);
  app.set('strict routing', exactPaths.strict);
  app.use(createRequestLogger(logger, clock));
  app.use(stripBasePath(options.basePath));
  app.use(createUnmatchedWebhookRoutes(options));
  app.use(securityHeaders(options.publicUrl));
  app.use('/api', createCors(options.origins));
  app.use('/api/calls', createAuthentication(authenticator));
  app.use(createCallRoutes(options));
  app.use(createOperationsRoutes(options));
  app.use(createWebhookLogRoutes(options));
  app.use(createSessionRoutes(options));
  app.use(createInfoRoutes(options));
  app.use(createHealthRoutes(options));
  app.use(createSimulatorRoutes(options));
  app.get('/ws', () => {
    throw new AppError('upgrade_required', 'Open a WebSocket here.');
  });
  app.all('/ws', only('GET'));
  app.use(createConsoleRoutes(options));
  app.use(notFoundHandler);
  app.use(createErrorHandler(logger));
  return app;
}

/**
 * Serves both kinds of proxies: those that take the path of PUBLIC_URL off a request, and those that leave
 * it.
 */
function stripBasePath(basePath: string): RequestHandler {
  return (request, _response, next) => {
    if (basePath !== '' && request.url.startsWith(`${basePath}/`))
      request.url = request.url.slice(basePath.length);
    next();
  };
}

function securityHeaders(publicUrl: string): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        // The console's page says what its links are relative to; that can only be here.
        baseUri: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    strictTransportSecurity: publicUrl.startsWith('https:'),
    referrerPolicy: {policy: 'no-referrer'},
  });
}

function createCors(origins: OriginPolicy): RequestHandler {
  const common = {
    methods: ['GET', 'POST', 'PUT'],
    allowedHeaders: [...allowedHeaders],
    exposedHeaders: [...exposedHeaders],
    maxAge: PREFLIGHT_MAX_AGE_S,
  };
  if (origins.allowedOrigins === '*') return cors({...common, origin: '*'});
  return cors<Request>((request, decide) => {
    // `true` answers with the request's own origin, and says that the answer varies with it.
    decide(null, {...common, origin: isAllowedOrigin(request, origins)});
  });
}
