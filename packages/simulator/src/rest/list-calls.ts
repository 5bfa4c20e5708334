import type {Call} from '../calls/call.ts';
import {timeFilters} from './dates.ts';

/** Returns the calls that match a list's filters (Twilio docs: "Read multiple Call resources"). */
export function filterCalls(calls: readonly Call[], query: URLSearchParams): Call[] {
  const filters = [
    ...textFilter(query, 'To', (call) => call.options.to),
    ...textFilter(query, 'From', (call) => call.options.from),
    ...textFilter(query, 'ParentCallSid', (call) => call.parentSid),
    // `initiated` appears only in callbacks.
    ...textFilter(query, 'Status', ({status}) => (status === 'initiated' ? 'queued' : status)),
    ...timeFilters(query, 'StartTime', (call: Call) => call.dialedAt),
    ...timeFilters(query, 'EndTime', (call: Call) => call.endedAt),
  ];
  return calls.filter((call) => filters.every((filter) => filter(call)));
}

/** Keys are case-sensitive. Twilio ignores unknown keys, and so does the simulator. */
function textFilter(query: URLSearchParams, name: string, textOf: (call: Call) => string | null) {
  const wanted = query.get(name);
  return wanted ? [(call: Call) => textOf(call) === wanted] : [];
}
