/**
 * The page of calls for a URL. The newest page polls for calls that ended since, and does not move by itself.
 */
import type {CallPage} from '@hookswitch/protocol';
import {useEffect, useMemo, useState, useSyncExternalStore} from 'react';
import type {ApiError} from '../../api/api-error.ts';
import {type CallQuery, endpoints} from '../../api/endpoints.ts';
import {type Resource, ResourceStore} from '../../api/resource.ts';
import {browser} from '../../api/use-resource.ts';
import {useApi} from '../../session/session-context.ts';
import {countNew, fillPage} from './call-page.ts';
import type {Place} from './places.ts';

const PAGE_SIZE = 50;
const POLL_MS = 5000;

export interface CallPageOptions {
  /** Without cursor and limit. */
  readonly ask: CallQuery;
  readonly cursor: string | undefined;
  /** The URL query, which identifies the page. */
  readonly query: string;
  readonly place: Place;
}

export type CallPageView = {readonly reload: () => void} & (
  | {readonly state: 'loading'}
  | {readonly state: 'failed'; readonly error: ApiError}
  | {readonly state: 'forbidden'; readonly error: ApiError}
  | {
      readonly state: 'ready';
      readonly page: CallPage;
      /** The page belongs to the previous URL, until the response arrives. */
      readonly isOld: boolean;
      /** Why the last refresh failed, and when the page was loaded, by the gateway's clock. */
      readonly stale?: {readonly error: ApiError; readonly at: number};
      /** Number of calls that ended since. */
      readonly newCalls: number;
      readonly showNew: () => void;
    }
);

interface Shown {
  readonly query: string;
  readonly page: CallPage;
}

export function useCallPage({ask, cursor, query, place}: CallPageOptions): CallPageView {
  const api = useApi();
  const store = useMemo(
    () =>
      new ResourceStore<CallPage>({
        load: (signal) =>
          fillPage({
            load: (from, limit) =>
              api.get(endpoints.calls({...ask, limit, ...(from !== undefined && {cursor: from})}), signal),
            cursor,
            size: PAGE_SIZE,
          }),
        // Older pages do not change.
        pollMs: cursor === undefined ? POLL_MS : undefined,
        ports: browser,
      }),
    [api, ask, cursor],
  );
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot);
  const [shown, setShown] = useState<Shown>();
  const kept = place.query === query && place.page !== undefined ? {query, page: place.page} : undefined;
  const fresh = snapshot.state === 'ready' ? snapshot.data : undefined;
  // When the user comes back, show the previous page at once.
  const before = shown?.query === query ? shown : (kept ?? shown);
  const isFirst = before?.query !== query || before.page.calls.length === 0;
  const newCalls = fresh === undefined || isFirst ? 0 : countNew(before.page, fresh);
  const current = fresh !== undefined && newCalls === 0 ? {query, page: fresh} : before;
  useEffect(() => {
    if (current !== undefined && (current.page !== shown?.page || current.query !== shown.query)) {
      setShown(current);
    }
    if (current?.query === query) Object.assign(place, {query, page: current.page});
    if (snapshot.state === 'ready') place.at = snapshot.at;
  });
  const {reload} = store;
  const stale = staleOf(snapshot, current?.query === query ? place.at : undefined);
  if (snapshot.state === 'forbidden') return {state: 'forbidden', error: snapshot.error, reload};
  if (snapshot.state === 'failed' && stale === undefined) {
    return {state: 'failed', error: snapshot.error, reload};
  }
  if (current === undefined) return {state: 'loading', reload};
  return {
    state: 'ready',
    page: current.page,
    isOld: current.query !== query,
    newCalls,
    showNew: () => fresh !== undefined && setShown({query, page: fresh}),
    reload,
    ...(stale !== undefined && {stale}),
  };
}

/** @param at when the shown page was loaded; `undefined` if it belongs to another query */
function staleOf(snapshot: Resource<CallPage>, at: number | undefined) {
  if (snapshot.state === 'ready' && snapshot.stale !== undefined) {
    return {error: snapshot.stale, at: snapshot.at};
  }
  if (snapshot.state !== 'failed' || at === undefined || !snapshot.error.mayPass) return undefined;
  return {error: snapshot.error, at};
}
