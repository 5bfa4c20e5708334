/** `/api/calls`: placing and ending calls over HTTP (H1, H3). Reading calls is in `call-record-routes.ts`. */
import express, {Router} from 'express';
import type {Clock} from '../../clock.ts';
import type {CallQueries} from '../../services/calls/call-queries.ts';
import type {CallService} from '../../services/calls/call-service.ts';
import {toCall, toIso} from '../../services/feed/call-messages.ts';
import {principalOf} from '../http/request-context.ts';
import {addCallRecordRoutes, CALLS} from './call-record-routes.ts';
import {callActionBody, parseCallSid, parseIdempotencyKey, placeCallBody} from './call-requests.ts';
import {exactPaths, only} from './paths.ts';
import {parseInput} from './request-input.ts';

const MAX_BODY_BYTES = 16_384;

const ACTIONS = `${CALLS}/:callSid/actions` as const;

export interface CallRoutesOptions {
  readonly calls: CallService;
  readonly records: CallQueries;
  readonly clock: Clock;
  /** Path of PUBLIC_URL; empty when it has none. */
  readonly basePath: string;
}

/** The routes below `/api/calls`. The caller has been authenticated before. */
export function createCallRoutes({calls, records, clock, basePath}: CallRoutesOptions): Router {
  const router = Router(exactPaths);
  // Ignores the content type, so that a body that is not JSON returns an error about JSON and is not an empty
  // request.
  const readBody = express.json({type: () => true, limit: MAX_BODY_BYTES, inflate: false});

  router.post(CALLS, readBody, async (request, response) => {
    const body = parseInput(placeCallBody, request.body ?? {});
    const key = parseIdempotencyKey(request.get('Idempotency-Key'));
    const {call, replayed} = await calls.place(principalOf(response), body, key);
    if (replayed) response.set('Idempotent-Replayed', 'true');
    response.status(201).location(`${basePath}${CALLS}/${call.callSid}`).json(toCall(call));
  });

  addCallRecordRoutes(router, records);

  router.post(ACTIONS, readBody, async (request, response) => {
    const {action} = parseInput(callActionBody, request.body ?? {});
    const callSid = parseCallSid(request.params.callSid);
    await calls.disconnect(principalOf(response), callSid);
    response.status(202).json({action, callSid, timestamp: toIso(clock.now())});
  });

  router.all(CALLS, only('GET', 'POST'));
  router.all(ACTIONS, only('POST'));
  return router;
}
