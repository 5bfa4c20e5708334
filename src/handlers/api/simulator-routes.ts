/** `/api/simulator`: scenarios and faults of a simulated Twilio. Returns 404 without a simulator. */
import express, {type Request, type Response, Router} from 'express';
import {z} from 'zod';
import type {Authenticator} from '../../auth/authenticator.ts';
import type {SimulatorControl} from '../../services/simulator/simulator-control.ts';
import {createAuthentication, principalOf} from '../http/request-context.ts';
import {exactPaths, only} from './paths.ts';
import {parseInput} from './request-input.ts';
import {requireScopes} from './require-scopes.ts';

export interface SimulatorRoutesOptions {
  readonly authenticator: Authenticator;
  readonly simulator: SimulatorControl;
}

const SIMULATOR = '/api/simulator';
const SCENARIO = `${SIMULATOR}/scenarios/:id` as const;
const FAULTS = `${SIMULATOR}/faults`;

const MAX_BODY_BYTES = 4096;

/** `PUT /api/simulator/faults`. */
const faultsBody = z.strictObject({active: z.array(z.string().max(64)).max(32)});

export function createSimulatorRoutes({authenticator, simulator}: SimulatorRoutesOptions): Router {
  const router = Router(exactPaths);
  const mayControl = [createAuthentication(authenticator), requireScopes('calls:control:all')];
  const readBody = express.json({type: () => true, limit: MAX_BODY_BYTES, inflate: false});

  router.get(SIMULATOR, mayControl, async (_request: Request, response: Response) => {
    response.json(await simulator.info());
  });

  router.post(SCENARIO, mayControl, async (request: Request<{id: string}>, response: Response) => {
    response.status(201).json(await simulator.run(principalOf(response), request.params.id));
  });

  router.put(FAULTS, mayControl, readBody, async (request: Request, response: Response) => {
    const {active} = parseInput(faultsBody, request.body ?? {});
    response.json(await simulator.setFaults(active));
  });

  router.all(SIMULATOR, only('GET'));
  router.all(SCENARIO, only('POST'));
  router.all(FAULTS, only('PUT'));
  return router;
}
