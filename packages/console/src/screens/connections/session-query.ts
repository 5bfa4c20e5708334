/** The filter of the sessions as URL parameters. Pure. */

import {type IgnoredValue, ignoredValues, oneOf} from '../../shell/ignored-values.ts';

/** The gateway's sort keys; each has one direction. */
export const sessionSorts = ['connected', 'activity', 'lag', 'unsent'] as const;
export type SessionSort = (typeof sessionSorts)[number];

export const openPhases = ['opening', 'streaming', 'reading', 'blocked', 'closing'] as const;
export type OpenPhase = (typeof openPhases)[number];

export interface SessionFilter {
  /** Part of a user, an address or an origin, or the start of a session id. */
  readonly q: string;
  readonly phase?: OpenPhase;
  /** `connected`: newest first. This is the only order in which sessions do not move. */
  readonly sort: SessionSort;
}

/** The gateway's limit. */
const MAX_TEXT = 256;

export function filterFromQuery(query: string): SessionFilter {
  const parameters = new URLSearchParams(query);
  const phase = openPhases.find((each) => each === parameters.get('phase'));
  const sort = sessionSorts.find((each) => each === parameters.get('sort')) ?? 'connected';
  const q = (parameters.get('q') ?? '').slice(0, MAX_TEXT);
  return {q, sort, ...(phase !== undefined && {phase})};
}

/** The filter's parameters with unknown values. */
export function ignoredFromQuery(query: string): readonly IgnoredValue[] {
  return ignoredValues(query, {phase: oneOf(openPhases), sort: oneOf(sessionSorts)});
}

/** Returns `query` with the filter's parameters replaced. */
export function filterToQuery({q, phase, sort}: SessionFilter, query: string): string {
  const parameters = new URLSearchParams(query);
  const wanted = {q, phase: phase ?? '', sort: sort === 'connected' ? '' : sort};
  for (const [name, value] of Object.entries(wanted)) {
    if (value === '') parameters.delete(name);
    else parameters.set(name, value);
  }
  return parameters.toString();
}

/** The session whose messages are shown. */
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
