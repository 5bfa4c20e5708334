/** The columns of `calls` that lists are filtered by, as values of a call's record. */
import type {SQLInputValue} from 'node:sqlite';
import type {CallRecord} from '../call-event.ts';
import {foldParty, outcomeOf, wasAnswered, wayOf} from '../call-facets.ts';

/** So many characters of the sid, lower case, stand at the beginning of `search`. */
export const SID_START_LENGTH = 7;

/** Values of `created_at, way, outcome, answered, search`. */
export function facetValues(call: CallRecord): readonly SQLInputValue[] {
  return [
    call.createdAt,
    wayOf(call.direction),
    outcomeOf(call) ?? null,
    wasAnswered(call) ? 1 : 0,
    searchText(call),
  ];
}

/** One column, so that one index row has all of it: the sid's start, and both parties with a space before each. */
function searchText({callSid, from, to}: CallRecord): string {
  const sidStart = callSid.slice(0, SID_START_LENGTH).toLowerCase().padEnd(SID_START_LENGTH);
  return `${sidStart} ${foldParty(from)} ${foldParty(to)}`;
}
