/** What operators and orchestrators ask: alive, ready, metrics (H4). */
import {Router} from 'express';
import type {Authenticator} from '../../auth/authenticator.ts';
import {type Metrics, printMetrics} from '../../observability/metrics.ts';
import type {ProcessProof} from '../../services/health/identity-challenge.ts';
import type {Readiness} from '../../services/health/readiness.ts';
import {createAuthentication, isFromLoopback} from '../http/request-context.ts';
import {exactPaths, only} from './paths.ts';

export interface OperationsRoutesOptions {
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly proof: ProcessProof;
}

export function createOperationsRoutes({
  authenticator,
  metrics,
  readiness,
  proof,
}: OperationsRoutesOptions): Router {
  const router = Router(exactPaths);
  const authenticate = createAuthentication(authenticator);

  router.get('/healthz', (request, response) => {
    // Answered only to a question of our own doctor's; to everybody else there is no such parameter.
    const probe = proof.answer(request.query['probe']);
    response.json(probe === undefined ? {status: 'alive'} : {status: 'alive', probe});
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
