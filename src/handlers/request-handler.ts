/**
 * All HTTP requests: Twilio's webhooks directly on `node:http`, and everything else (API, operations, the console at `/`)
 * in one Express app.
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
import {withoutBasePath} from '../network/base-path.ts';
import {type CallRoutesOptions, createCallRoutes} from './api/call-routes.ts';
import {type ConsoleRoutesOptions, createConsoleRoutes} from './api/console-routes.ts';
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

/** Common options, and the options of each router. */
export interface RequestHandlerOptions {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly origins: OriginPolicy;
  /** Path of PUBLIC_URL; empty if it has none. */
  readonly basePath: string;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly webhooks: WebhookHandlerOptions;
  readonly calls: CallRoutesOptions;
  readonly operations: OperationsRoutesOptions;
  readonly webhookLog: WebhookLogRoutesOptions;
  readonly sessions: SessionRoutesOptions;
  readonly info: InfoRoutesOptions;
  readonly health: HealthRoutesOptions;
  readonly simulator: SimulatorRoutesOptions;
  readonly console: ConsoleRoutesOptions;
}

export function createRequestHandler(options: RequestHandlerOptions): RequestListener {
  const handleWebhook = createWebhookHandler(options.webhooks);
  const app = createApp(options);
  return (request, response) => {
    if (!handleWebhook(request, response)) app(request, response);
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
  app.use(createUnmatchedWebhookRoutes(options.webhooks));
  app.use(securityHeaders(options.publicUrl));
  app.use('/api', createCors(options.origins));
  app.use('/api/calls', createAuthentication(authenticator));
  app.use(createCallRoutes(options.calls));
  app.use(createOperationsRoutes(options.operations));
  app.use(createWebhookLogRoutes(options.webhookLog));
  app.use(createSessionRoutes(options.sessions));
  app.use(createInfoRoutes(options.info));
  app.use(createHealthRoutes(options.health));
  app.use(createSimulatorRoutes(options.simulator));
  app.get('/ws', () => {
    throw new AppError('upgrade_required', 'Open a WebSocket here.');
  });
  app.all('/ws', only('GET'));
  app.use(createConsoleRoutes(options.console));
  app.use(notFoundHandler);
  app.use(createErrorHandler(logger));
  return app;
}

function stripBasePath(basePath: string): RequestHandler {
  return (request, _response, next) => {
    request.url = withoutBasePath(request.url, basePath);
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
        // The console's page has a <base> element for its relative links.
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
    // `true` allows the request's own origin and adds `Vary: Origin`.
    decide(null, {...common, origin: isAllowedOrigin(request, origins)});
  });
}
