/** What of the sessions is asked for, as part of an address. Pure. */

import {type IgnoredValue, ignoredValues, oneOf} from '../../shell/ignored-values.ts';

/** As the gateway knows them; each has one direction, the one in which it is of use. */
export const sessionSorts = ['connected', 'activity', 'lag', 'unsent'] as const;
export type SessionSort = (typeof sessionSorts)[number];

export const openPhases = ['opening', 'streaming', 'reading', 'blocked', 'closing'] as const;
export type OpenPhase = (typeof openPhases)[number];

export interface SessionFilter {
  /** Part of a user, an address or an origin, or the beginning of a session's id. */
  readonly q: string;
  readonly phase?: OpenPhase;
  /** `connected`: the last to connect first, which is the one order in which nobody moves. */
  readonly sort: SessionSort;
}

/** What the gateway takes. */
const MAX_TEXT = 256;

export function filterFromQuery(query: string): SessionFilter {
  const parameters = new URLSearchParams(query);
  const phase = openPhases.find((each) => each === parameters.get('phase'));
  const sort = sessionSorts.find((each) => each === parameters.get('sort')) ?? 'connected';
  const q = (parameters.get('q') ?? '').slice(0, MAX_TEXT);
  return {q, sort, ...(phase !== undefined && {phase})};
}

/** What of the filter's parameters is not known. */
export function ignoredFromQuery(query: string): readonly IgnoredValue[] {
  return ignoredValues(query, {phase: oneOf(openPhases), sort: oneOf(sessionSorts)});
}

/** `query` with the filter in it and everything else as it was. */
export function filterToQuery({q, phase, sort}: SessionFilter, query: string): string {
  const parameters = new URLSearchParams(query);
  const wanted = {q, phase: phase ?? '', sort: sort === 'connected' ? '' : sort};
  for (const [name, value] of Object.entries(wanted)) {
    if (value === '') parameters.delete(name);
    else parameters.set(name, value);
  }
  return parameters.toString();
}

/** Whose messages are looked at. */
export function openedFromQuery(query: string): string | undefined {
  const id = new URLSearchParams(query).get('session');
  return id === null || id === '' ? undefined : id;
}

export function openedToQuery(sessionId: string | undefined, query: string): string {
  const parameters = new URLSearchParams(query);
  if (sessionId === undefined) parameters.delete('session');
  else parameters.set('session', sessionId);
  return parameters.toString();
}
