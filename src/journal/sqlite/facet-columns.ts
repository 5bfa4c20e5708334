/** The columns of `calls` that lists filter by, derived from a call's record. */
import type {SQLInputValue} from 'node:sqlite';
import type {CallRecord} from '../call-event.ts';
import {outcomeOf, searchText, wasAnswered, wayOf} from '../call-facets.ts';

/** Values of `created_at, way, outcome, answered, search`, in this order. */
export function facetValues(call: CallRecord): readonly SQLInputValue[] {
  return [
    call.createdAt,
    wayOf(call.direction),
    outcomeOf(call) ?? null,
    wasAnswered(call) ? 1 : 0,
    // One column for all texts, so that one index row contains them.
    searchText(call),
  ];
}
