/**
 * Remembers the state of the history screen for each entry of the browser's history: the page of calls, the
 * scroll position, and the selected row. Going back restores it; a new entry starts fresh.
 */
import type {HookswitchClient} from '@hookswitch/client';
import type {CallPage, CallStatistics} from '@hookswitch/protocol';
import {useEffect, useMemo} from 'react';
import {useHistoryState} from 'wouter/use-browser-location';
import {useClient} from '../../session/session-context.ts';

export interface Place {
  /** The URL query of `page`. */
  query?: string;
  page?: CallPage;
  /** When `page` was loaded, by the gateway's clock. */
  at?: number;
  statistics?: CallStatistics;
  selected?: string | undefined;
  /** Pixels. */
  scrollY?: number;
}

/** The data kept in an entry of the browser's history. It survives a reload; the places do not. */
export interface EntryState {
  readonly place?: string;
  /** Cursors of the previous pages. The newest page comes first, as an empty string. */
  readonly trail?: readonly string[];
}

/** Maximum number of places. */
const MAX_PLACES = 20;

/** Per session, so that they are dropped with it. */
const sessions = new WeakMap<HookswitchClient, Map<string, Place>>();

let entries = 0;

/** The place of the current history entry, and the pages that led to it. */
export function usePlace(): {readonly place: Place; readonly trail: readonly string[]} {
  const client = useClient();
  const state = readState(useHistoryState<unknown>());
  const {place: id} = state;
  useEffect(() => {
    if (id === undefined) history.replaceState({...history.state, place: newId()}, '');
  }, [id]);
  const place = useMemo(() => (id === undefined ? {} : placeOf(client, id)), [client, id]);
  return {place, trail: state.trail ?? []};
}

function placeOf(client: HookswitchClient, id: string): Place {
  const places = sessions.get(client) ?? new Map<string, Place>();
  sessions.set(client, places);
  const place = places.get(id) ?? {};
  places.delete(id);
  places.set(id, place);
  const [oldest] = places.keys();
  if (places.size > MAX_PLACES && oldest !== undefined) places.delete(oldest);
  return place;
}

/** Unique across reloads of the page, because their history entries still exist. */
function newId(): string {
  entries += 1;
  return `${Date.now().toString(36)}-${entries}`;
}

function readState(state: unknown): EntryState {
  if (typeof state !== 'object' || state === null) return {};
  const {place, trail} = state as Readonly<Record<string, unknown>>;
  return {
    ...(typeof place === 'string' && {place}),
    ...(Array.isArray(trail) && {trail: trail.filter((each) => typeof each === 'string')}),
  };
}
