/** `/api/health`: the doctor's checks, the actions that fix them, and the metrics of the last 15 minutes. */
import {type Request, type Response, Router} from 'express';
import type {Authenticator} from '../../auth/authenticator.ts';
import {AppError} from '../../errors/app-error.ts';
import {type PointNumberOptions, pointNumberHere} from '../../services/health/configure-number.ts';
import type {Doctor, RunContext} from '../../services/health/doctor.ts';
import type {HealthSampler} from '../../services/health/metric-samples.ts';
import {createAuthentication, principalOf} from '../http/request-context.ts';
import {exactPaths, only} from './paths.ts';
import {requireScopes} from './require-scopes.ts';

export interface HealthRoutesOptions {
  readonly authenticator: Authenticator;
  readonly doctor: Doctor;
  readonly sampler: HealthSampler;
  readonly pointNumber: PointNumberOptions;
}

const HEALTH = '/api/health';
const CHECKS = `${HEALTH}/checks`;
const CHECK = `${CHECKS}/:id` as const;
const ACTION = `${HEALTH}/actions/:id` as const;
const SERIES = `${HEALTH}/series`;

export function createHealthRoutes({
  authenticator,
  doctor,
  sampler,
  pointNumber,
}: HealthRoutesOptions): Router {
  const router = Router(exactPaths);
  const authenticate = createAuthentication(authenticator);
  const mayRead = [authenticate, requireScopes('sessions:read')];

  router.get(HEALTH, mayRead, (_request: Request, response: Response) => {
    response.json(doctor.report());
  });

  router.post(CHECKS, mayRead, async (request: Request, response: Response) => {
    response.json(await doctor.runAll(contextOf(request)));
  });

  router.post(CHECK, mayRead, async (request: Request<{id: string}>, response: Response) => {
    response.json(await doctor.run(request.params.id, contextOf(request)));
  });

  router.post(
    ACTION,
    authenticate,
    requireScopes('calls:control:all'),
    async (request: Request<{id: string}>, response: Response) => {
      const {id} = request.params;
      if (id !== 'point-number-here') {
        throw new AppError('not_found', 'There is no such action.', {context: {id: id.slice(0, 64)}});
      }
      await pointNumberHere(pointNumber, principalOf(response).user);
      response.json(await doctor.recheck('number', contextOf(request)));
    },
  );

  router.get(SERIES, mayRead, (_request: Request, response: Response) => {
    response.json(sampler.series());
  });

  router.all([HEALTH, SERIES], only('GET'));
  router.all([CHECKS, CHECK, ACTION], only('POST'));
  return router;
}

const MAX_ORIGIN = 256;

/**
 * A browser sends `Origin` with every POST; a client that sends neither header is not a page. Used only for
 * display.
 */
function contextOf(request: Request): RunContext {
  const {origin, referer, host} = request.headers;
  const page =
    origin ?? (referer !== undefined && URL.canParse(referer) ? new URL(referer).origin : undefined);
  return page === undefined || page.length > MAX_ORIGIN ? {} : {pageOrigin: page, pageHost: host};
}
