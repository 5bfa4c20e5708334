/** `/api/info`: the caller's identity and facts about this gateway. */
import type {GatewayInfo} from '@hookswitch/protocol';
import {Router} from 'express';
import type {Authenticator} from '../../auth/authenticator.ts';
import type {Clock} from '../../clock.ts';
import type {FollowableJournal} from '../../journal/followable-journal.ts';
import {toIso} from '../../services/feed/call-messages.ts';
import {createAuthentication, principalOf} from '../http/request-context.ts';
import {exactPaths, only} from './paths.ts';

/** Whether calls go to Twilio or to a simulator. */
export interface Simulation {
  readonly simulated: boolean;
}

export interface InfoRoutesOptions {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly journal: FollowableJournal;
  readonly version: string;
  readonly publicUrl: string;
  /** The number calls are placed from, E.164. */
  readonly phoneNumber: string;
  readonly retentionDays: number;
  /** @default not simulated */
  readonly simulation?: Simulation;
}

const INFO = '/api/info';

/** Every valid token may read this. */
export function createInfoRoutes({
  authenticator,
  clock,
  journal,
  version,
  publicUrl,
  phoneNumber,
  retentionDays,
  simulation = {simulated: false},
}: InfoRoutesOptions): Router {
  const router = Router(exactPaths);

  router.get(INFO, createAuthentication(authenticator), (_request, response) => {
    const {user, scopes} = principalOf(response);
    response.json({
      version,
      user,
      scopes: [...scopes],
      publicUrl,
      phoneNumber,
      retentionDays,
      now: toIso(clock.now()),
      used: journal.head() > 0,
      simulated: simulation.simulated,
    } satisfies GatewayInfo);
  });

  router.all(INFO, only('GET'));
  return router;
}
