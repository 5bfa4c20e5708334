/**
 * Where somebody was in the history, for coming back: what a page showed, how far it was scrolled, which row was selected. Each
 * entry of the browser's history has a place of its own; what is opened anew begins anew.
 */
import type {HookswitchClient} from '@hookswitch/client';
import type {CallPage, CallStatistics} from '@hookswitch/protocol';
import {useEffect, useMemo} from 'react';
import {useHistoryState} from 'wouter/use-browser-location';
import {useClient} from '../../session/session-context.ts';

export interface Place {
  /** Of the address that `page` answers. */
  query?: string;
  page?: CallPage;
  /** When that was so, by the gateway's clock. */
  at?: number;
  statistics?: CallStatistics;
  selected?: string | undefined;
  /** Pixels. */
  scrollY?: number;
}

/** What this screen keeps in an entry of the browser's history; it survives a reload, the places do not. */
export interface EntryState {
  readonly place?: string;
  /** Cursors of the pages before, the first being the newest: an empty text. */
  readonly trail?: readonly string[];
}

/** Pages of calls that are kept. */
const MAX_PLACES = 20;

/** Of one session, so that they go with it. */
const sessions = new WeakMap<HookswitchClient, Map<string, Place>>();

let entries = 0;

/** The place of the entry that the browser is at, and how it was reached. */
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

/** Unlike any of an earlier load of the page, whose entries are still there. */
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
