/** `GET /api/calls` and the paths below it: reading calls (H2). */
import {
  type CallDetail,
  type CallHistoryEvent,
  type CallPage,
  type CallStatistics,
  toCallStatus,
  type UnconfirmedCalls,
} from '@hookswitch/protocol';
import type {Response, Router} from 'express';
import type {CallEvent} from '../../journal/call-event.ts';
import type {HistoryEntry} from '../../journal/queryable-journal.ts';
import type {CallQueries} from '../../services/calls/call-queries.ts';
import {toCall, toIso} from '../../services/feed/call-messages.ts';
import {principalOf} from '../http/request-context.ts';
import {listCallsQuery, parseCallSid, statisticsQuery} from './call-requests.ts';
import {only} from './paths.ts';
import {parseInput} from './request-input.ts';

/**
 * Routes use whole paths, because a router mounted on a path accepts it with and without a trailing slash.
 */
export const CALLS = '/api/calls';
const CALL = `${CALLS}/:callSid` as const;
const STATISTICS = `${CALLS}/statistics`;
const UNCONFIRMED = `${CALLS}/unconfirmed`;

/** Adds the read routes to the router of calls, which answers the other methods of `/api/calls`. */
export function addCallRecordRoutes(router: Router, records: CallQueries): void {
  router.get(CALLS, async (request, response: Response<CallPage>) => {
    const {calls, next} = await records.list(
      principalOf(response),
      parseInput(listCallsQuery, request.query),
    );
    response.json({calls: calls.map(toCall), ...(next === undefined ? {} : {nextCursor: String(next)})});
  });

  // Fixed names come before the path with a parameter.
  router.get(STATISTICS, async (request, response: Response<CallStatistics>) => {
    const period = parseInput(statisticsQuery, request.query);
    response.json(await records.statistics(principalOf(response), period));
  });
  router.all(STATISTICS, only('GET'));

  router.get(UNCONFIRMED, (_request, response: Response<UnconfirmedCalls>) => {
    response.json(records.unconfirmed(principalOf(response)));
  });
  router.all(UNCONFIRMED, only('GET'));

  router.get(CALL, async (request, response: Response<CallDetail>) => {
    const {call, legs, entries, unconfirmedSince} = await records.history(
      principalOf(response),
      parseCallSid(request.params.callSid),
    );
    response.json({
      ...toCall(call),
      legs: legs.map(toCall),
      events: entries.map(toEventView),
      ...(unconfirmedSince === undefined ? {} : {unconfirmedSince: toIso(unconfirmedSince)}),
    });
  });
  router.all(CALL, only('GET'));
}

/** A journal entry as evidence: its content, source, time and verdict. */
function toEventView({offset, event, verdict, repeats}: HistoryEntry): CallHistoryEvent {
  return {
    offset,
    callSid: event.callSid,
    source: event.source,
    verdict,
    ...toDetails(event),
    timestamp: toIso(event.happenedAt),
    receivedAt: toIso(event.receivedAt),
    lagMs: event.receivedAt - event.happenedAt,
    repeats,
  };
}

function toDetails(event: CallEvent) {
  if (event.kind === 'command') return {kind: event.kind, action: event.action, user: event.user};
  const {kind, providerStatus, sequence, duration, parameters} = event;
  const status = providerStatus === undefined ? undefined : toCallStatus(providerStatus);
  return {kind, providerStatus, status, sequence, duration, parameters};
}
