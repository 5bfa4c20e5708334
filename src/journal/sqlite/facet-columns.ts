/** The columns of `calls` that lists are filtered by, as values of a call's record. */
import type {SQLInputValue} from 'node:sqlite';
import type {CallRecord} from '../call-event.ts';
import {outcomeOf, searchText, wasAnswered, wayOf} from '../call-facets.ts';

/** Values of `created_at, way, outcome, answered, search`. */
export function facetValues(call: CallRecord): readonly SQLInputValue[] {
  return [
    call.createdAt,
    wayOf(call.direction),
    outcomeOf(call) ?? null,
    wasAnswered(call) ? 1 : 0,
    // One column, so that one index row has all of it.
    searchText(call),
  ];
}
