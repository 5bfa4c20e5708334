import type {Call} from '../calls/call.ts';
import {badRequest} from './api-error.ts';

type Filter = (call: Call) => boolean;

/** Calls that match the filters of a list, newest first (Twilio docs: "Read multiple Call resources"). */
export function filterCalls(calls: readonly Call[], query: URLSearchParams): Call[] {
  const filters = filtersOf(query);
  return calls.filter((call) => filters.every((filter) => filter(call))).reverse();
}

/** Keys are case-sensitive, and the `<` or `>` is part of them. Unknown ones are ignored. */
function filtersOf(query: URLSearchParams): Filter[] {
  const filters: Filter[] = [];
  const {to, from, parent, status} = {
    to: query.get('To'),
    from: query.get('From'),
    parent: query.get('ParentCallSid'),
    status: query.get('Status'),
  };
  if (to) filters.push((call) => call.options.to === to);
  if (from) filters.push((call) => call.options.from === from);
  if (parent) filters.push((call) => call.parentSid === parent);
  if (status) filters.push((call) => (call.status === 'initiated' ? 'queued' : call.status) === status);
  for (const [name, timeOf] of [
    ['StartTime', (call: Call) => call.dialledAt],
    ['EndTime', (call: Call) => call.endedAt],
  ] as const) {
    for (const operator of ['', '<', '>'] as const) {
      const value = query.get(name + operator);
      if (value) filters.push(timeFilter(value, operator, timeOf));
    }
  }
  return filters;
}

/** A day means the whole of it (UTC), a point in time is exact. */
function timeFilter(value: string, operator: '' | '<' | '>', timeOf: (call: Call) => Date | null): Filter {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(value);
  const from = Date.parse(value);
  if (Number.isNaN(from)) throw badRequest(20001, `Invalid date: ${value}`);
  const to = from + (isDay ? 24 * 3600 * 1000 : 1000);
  return (call) => {
    const time = timeOf(call)?.getTime();
    if (time === undefined) return false;
    if (operator === '<') return time < to;
    if (operator === '>') return time >= from;
    return time >= from && time < to;
  };
}
