/** What operators and orchestrators ask: alive, ready, metrics (H4). */
import {Router} from 'express';
import type {Authenticator} from '../auth/authenticator.ts';
import {type Metrics, printMetrics} from '../observability/metrics.ts';
import type {Readiness} from '../services/readiness.ts';
import {exactPaths, only} from './paths.ts';
import {createAuthentication, isFromLoopback} from './request-context.ts';

export interface OperationsRoutesOptions {
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
}

export function createOperationsRoutes({
  authenticator,
  metrics,
  readiness,
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

  router.all(['/healthz', '/readyz', '/metrics'], only('GET'));
  return router;
}
