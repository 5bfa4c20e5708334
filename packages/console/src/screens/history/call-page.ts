/** One page of ended calls, filled up, and what of a newer answer may be shown without moving it. Pure. */
import type {Call, CallPage} from '@hookswitch/protocol';

/** Answers that one page is put together of: a rare match among millions takes several looks. */
const MAX_REQUESTS = 4;

export interface FillOptions {
  readonly load: (cursor: string | undefined, limit: number) => Promise<CallPage>;
  /** Where the page begins. */
  readonly cursor: string | undefined;
  /** Calls of a full page. */
  readonly size: number;
}

/**
 * Asks until the page is full or there is nothing more. The gateway looks at so many calls for an answer and may find few, or none,
 * and have more all the same.
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

/** Calls of the newer answer that the shown one does not have. */
export function countNew(shown: CallPage, newer: CallPage): number {
  const known = new Set(shown.calls.map(({callSid}) => callSid));
  return newer.calls.filter(({callSid}) => !known.has(callSid)).length;
}
