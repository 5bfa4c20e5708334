/** Loads one page of ended calls, and counts the calls of a newer response. Pure. */
import type {Call, CallPage} from '@hookswitch/protocol';

/** Maximum number of requests per page. A rare match among millions of calls takes several. */
const MAX_REQUESTS = 4;

export interface FillOptions {
  readonly load: (cursor: string | undefined, limit: number) => Promise<CallPage>;
  /** Start of the page. */
  readonly cursor: string | undefined;
  /** Number of calls on a full page. */
  readonly size: number;
}

/**
 * Sends requests until the page is full or there are no more calls. The gateway scans a limited number of
 * calls per request, so a response may be short or empty and still have a next cursor.
 * @throws what `load` throws
 */
export async function fillPage({load, cursor, size}: FillOptions): Promise<CallPage> {
  const calls: Call[] = [];
  let next = cursor;
  for (let request = 0; request < MAX_REQUESTS; request += 1) {
    const page = await load(next, size - calls.length);
    calls.push(...page.calls);
    next = page.nextCursor;
    if (next === undefined) return {calls};
    if (calls.length >= size) break;
  }
  return {calls, ...(next !== undefined && {nextCursor: next})};
}

/** Number of calls in the newer response that are not shown. */
export function countNew(shown: CallPage, newer: CallPage): number {
  const known = new Set(shown.calls.map(({callSid}) => callSid));
  return newer.calls.filter(({callSid}) => !known.has(callSid)).length;
}
