/** `/api/calls`: placing, showing and ending calls over HTTP (H1–H3). */
import express, {Router} from 'express';
import type {Clock} from '../clock.ts';
import type {CallEvent} from '../journal/call-event.ts';
import type {HistoryEntry} from '../journal/journal.ts';
import type {CallService} from '../services/call-service.ts';
import {toCall, toIso} from '../services/call-view.ts';
import {
  callActionBody,
  listCallsQuery,
  parseCallSid,
  parseIdempotencyKey,
  parseInput,
  placeCallBody,
} from './call-requests.ts';
import {exactPaths, only} from './paths.ts';
import {principalOf} from './request-context.ts';

const MAX_BODY_BYTES = 16_384;

/** With whole paths, since a router that is mounted on one takes it with and without a slash at its end. */
const CALLS = '/api/calls';
const CALL = `${CALLS}/:callSid` as const;
const ACTIONS = `${CALL}/actions` as const;

export interface CallRoutesOptions {
  readonly calls: CallService;
  readonly clock: Clock;
  /** Path of PUBLIC_URL; empty when it has none. */
  readonly basePath: string;
}

/** The routes below `/api/calls`; who is asking has been authenticated before. */
export function createCallRoutes({calls, clock, basePath}: CallRoutesOptions): Router {
  const router = Router(exactPaths);
  // Whatever the type says: a body that is not JSON is an error that names JSON, not an empty request.
  const readBody = express.json({type: () => true, limit: MAX_BODY_BYTES, inflate: false});

  router.post(CALLS, readBody, async (request, response) => {
    const body = parseInput(placeCallBody, request.body ?? {});
    const key = parseIdempotencyKey(request.get('Idempotency-Key'));
    const {call, replayed} = await calls.place(principalOf(response), body, key);
    if (replayed) response.set('Idempotent-Replayed', 'true');
    response.status(201).location(`${basePath}${CALLS}/${call.callSid}`).json(toCall(call));
  });

  router.get(CALLS, async (request, response) => {
    const {status, limit, cursor} = parseInput(listCallsQuery, request.query);
    // One more than asked for tells whether there is a next page.
    const found = await calls.list(principalOf(response), {state: status, limit: limit + 1, before: cursor});
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const nextCursor = found.length > limit && last !== undefined ? String(last.firstOffset) : undefined;
    response.json({calls: page.map(toCall), nextCursor});
  });

  router.get(CALL, async (request, response) => {
    const {call, legs, entries} = await calls.history(
      principalOf(response),
      parseCallSid(request.params.callSid),
    );
    response.json({...toCall(call), legs: legs.map(toCall), events: entries.map(toEventView)});
  });

  router.post(ACTIONS, readBody, async (request, response) => {
    const {action} = parseInput(callActionBody, request.body ?? {});
    const callSid = parseCallSid(request.params.callSid);
    await calls.disconnect(principalOf(response), callSid);
    response.status(202).json({action, callSid, timestamp: toIso(clock.now())});
  });

  router.all(CALLS, only('GET', 'POST'));
  router.all(CALL, only('GET'));
  router.all(ACTIONS, only('POST'));
  return router;
}

/** An entry as evidence: what came, from whom, when, and what became of it (H2). */
function toEventView({offset, event, verdict, repeats}: HistoryEntry) {
  return {
    offset,
    callSid: event.callSid,
    source: event.source,
    verdict,
    ...toDetails(event),
    timestamp: toIso(event.happenedAt),
    receivedAt: toIso(event.receivedAt),
    /** Milliseconds between the two; Twilio's timestamps have a resolution of one second. */
    lagMs: event.receivedAt - event.happenedAt,
    /** How often the same came again. */
    repeats,
  };
}

function toDetails(event: CallEvent) {
  if (event.kind === 'command') return {kind: event.kind, action: event.action, user: event.user};
  const {kind, providerStatus, sequence, duration, parameters} = event;
  return {kind, providerStatus, sequence, duration, parameters};
}
