/** `/api/sessions`: the connected sessions and the messages they were sent (H4). */
import type {SentPage, SessionPage} from '@hookswitch/protocol';
import {type Request, type Response, Router} from 'express';
import type {Authenticator} from '../../auth/authenticator.ts';
import {AppError} from '../../errors/app-error.ts';
import type {ClusterSessionList} from '../../services/sessions/cluster-session-list.ts';
import {MAX_CLOSED_SESSIONS} from '../../services/sessions/node-session-list.ts';
import {createAuthentication} from '../http/request-context.ts';
import {exactPaths, only} from './paths.ts';
import {parseInput} from './request-input.ts';
import {requireScopes} from './require-scopes.ts';
import {formatPosition, listSessionsQuery, sentQuery} from './session-requests.ts';

const SESSIONS = '/api/sessions';
const SENT = `${SESSIONS}/:sessionId/sent` as const;

export interface SessionRoutesOptions {
  readonly authenticator: Authenticator;
  readonly clusterSessions: ClusterSessionList;
}

export function createSessionRoutes({authenticator, clusterSessions}: SessionRoutesOptions): Router {
  const router = Router(exactPaths);
  router.use(SESSIONS, createAuthentication(authenticator));

  router.get(SESSIONS, requireScopes('sessions:read'), async (request, response) => {
    const query = parseInput(listSessionsQuery, request.query);
    const {next, ...listing} = await clusterSessions.page(query);
    const nextCursor = next === undefined ? undefined : formatPosition(query.sort, next);
    response.json({...listing, nextCursor} satisfies SessionPage);
  });

  // The messages are about calls, so this needs the scope to read all calls, even for the caller's own session.
  router.get(
    SENT,
    requireScopes('sessions:read', 'calls:read:all'),
    async (request: Request<{sessionId: string}>, response: Response) => {
      const {sessionId} = request.params;
      const sent = await clusterSessions.sent(sessionId, parseInput(sentQuery, request.query));
      if (sent === undefined) throw noSuchSession(sessionId);
      const {session, messages, from, nextBefore} = sent;
      const nextCursor = nextBefore === undefined ? undefined : String(nextBefore);
      response.json({session, messages, from, nextCursor} satisfies SentPage);
    },
  );

  router.all([SESSIONS, SENT], only('GET'));
  return router;
}

function noSuchSession(sessionId: string): AppError {
  return new AppError(
    'not_found',
    `There is no such session: it is not open and not among the last ${MAX_CLOSED_SESSIONS} closed sessions.`,
    {context: {sessionId: sessionId.slice(0, 64)}},
  );
}
