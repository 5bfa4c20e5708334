/** Schemas for the queries of `/api/sessions`, and positions in a list as cursors. */
import {z} from 'zod';
import {sessionPhases} from '../../services/sessions/session.ts';
import {type Position, type SessionSort, sessionSorts} from '../../services/sessions/session-sort.ts';
import {NOT_A_CURSOR, numericCursor, pageLimit, unlessEmpty} from './request-input.ts';

/** The maximum length of a stored origin. */
const MAX_SEARCH_LENGTH = 256;

/** `GET /api/sessions`. A cursor contains its sort order and is not valid for another one. */
export const listSessionsQuery = z
  .object({
    q: unlessEmpty(z.string().trim().max(MAX_SEARCH_LENGTH).optional()),
    phase: unlessEmpty(z.enum(sessionPhases).optional()),
    sort: unlessEmpty(z.enum(sessionSorts).default('connected')),
    limit: pageLimit,
    cursor: unlessEmpty(z.string().optional()),
  })
  .transform(({cursor, ...query}, context) => {
    if (cursor === undefined) return query;
    const after = parsePosition(query.sort, cursor);
    if (after === undefined) context.addIssue({code: 'custom', path: ['cursor'], message: NOT_A_CURSOR});
    return {...query, after};
  });

/** `GET /api/sessions/:sessionId/sent`. */
export const sentQuery = z.object({before: numericCursor, limit: pageLimit});

/** A position in the list as text. Opaque to clients. */
export function formatPosition(sort: SessionSort, {rank, sessionId}: Position): string {
  return `${sort}.${rank}.${sessionId}`;
}

function parsePosition(sort: SessionSort, cursor: string): Position | undefined {
  const [, sortedBy, rank, sessionId] = /^([a-z]+)\.(-?\d{1,16})\.([\w-]{1,64})$/.exec(cursor) ?? [];
  if (sortedBy !== sort || sessionId === undefined) return undefined;
  return {rank: Number(rank), sessionId};
}
