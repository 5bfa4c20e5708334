/** Endpoints for operators and orchestrators: liveness, readiness, metrics (H4). */
import {type Request, Router} from 'express';
import {SharedKey} from '../../auth/access-key.ts';
import type {Authenticator} from '../../auth/authenticator.ts';
import {type Metrics, printMetrics} from '../../observability/metrics.ts';
import type {IdentityChallenge} from '../../services/health/identity-challenge.ts';
import type {Readiness} from '../../services/health/readiness.ts';
import {bearerToken, createAuthentication, isFromLoopback} from '../http/request-context.ts';
import {exactPaths, only} from './paths.ts';

export interface OperationsRoutesOptions {
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly identity: IdentityChallenge;
  /** Allows reading `/metrics` and nothing else. */
  readonly metricsToken?: string;
}

export function createOperationsRoutes({
  authenticator,
  metrics,
  readiness,
  identity,
  metricsToken,
}: OperationsRoutesOptions): Router {
  const router = Router(exactPaths);
  const authenticate = createAuthentication(authenticator);
  const metricsKey = metricsToken === undefined ? undefined : new SharedKey(metricsToken);
  const mayReadMetrics = (request: Request) =>
    isFromLoopback(request) || metricsKey?.equals(bearerToken(request.headers.authorization)) === true;

  router.get('/healthz', (request, response) => {
    // Only our own doctor knows a valid challenge. For everybody else the parameter does not exist.
    const probe = identity.answer(request.query['probe']);
    response.json(probe === undefined ? {status: 'alive'} : {status: 'alive', probe});
  });

  router.get('/readyz', async (_request, response) => {
    const state = await readiness.check();
    response.status(state.ready ? 200 : 503).json(state);
  });

  router.get(
    '/metrics',
    (request, response, next) => (mayReadMetrics(request) ? next() : authenticate(request, response, next)),
    async (_request, response) => {
      const {contentType, text} = await printMetrics(metrics);
      response.type(contentType).send(text);
    },
  );

  router.all(['/healthz', '/readyz', '/metrics'], only('GET'));
  return router;
}
