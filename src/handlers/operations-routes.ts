/** What operators and orchestrators ask: alive, ready, metrics, sessions (H4). */
import {Router} from 'express';
import {type Authenticator, hasScope} from '../auth/authenticator.ts';
import {AppError} from '../errors/app-error.ts';
import {type Metrics, printMetrics} from '../observability/metrics.ts';
import type {Readiness} from '../services/readiness.ts';
import type {SessionService} from '../services/session-service.ts';
import {exactPaths, only} from './paths.ts';
import {createAuthentication, isFromLoopback, principalOf} from './request-context.ts';

export interface OperationsRoutesOptions {
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly sessions: SessionService;
}

export function createOperationsRoutes({
  authenticator,
  metrics,
  readiness,
  sessions,
}: OperationsRoutesOptions): Router {
  const router = Router(exactPaths);
  const authenticate = createAuthentication(authenticator);

  router.get('/healthz', (_request, response) => {
    response.json({status: 'alive'});
  });

  router.get('/readyz', async (_request, response) => {
    const state = await readiness.check();
    response.status(state.ready ? 200 : 503).json(state);
  });

  router.get(
    '/metrics',
    (request, response, next) => (isFromLoopback(request) ? next() : authenticate(request, response, next)),
    async (_request, response) => {
      const {contentType, text} = await printMetrics(metrics);
      response.type(contentType).send(text);
    },
  );

  router.get('/api/sessions', authenticate, (_request, response) => {
    if (!hasScope(principalOf(response), 'sessions:read')) {
      throw new AppError('forbidden', 'This token may not list sessions.', {
        context: {scope: 'sessions:read'},
      });
    }
    response.json({sessions: [...sessions.list()]});
  });

  router.all(['/healthz', '/readyz', '/metrics', '/api/sessions'], only('GET'));
  return router;
}
