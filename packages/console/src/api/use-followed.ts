/** A polled list whose store is replaced whenever its query changes. */
import {useEffect, useMemo, useRef, useSyncExternalStore} from 'react';

/** The part of a store that {@link useFollowed} uses. */
export interface Followed<S> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => S;
  setPaused(isPaused: boolean): void;
}

/**
 * The store of the current query, and its snapshot.
 * @param make gets the last snapshot, to show it until the first response. Memoize it: a new function is a
 * new query.
 */
export function useFollowed<S, F extends Followed<S>>(
  make: (last: S | undefined) => F & Followed<S>,
  isPaused: boolean,
): {readonly store: F; readonly snapshot: S} {
  const last = useRef<S>(undefined);
  const store = useMemo(() => make(last.current), [make]);
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot);
  useEffect(() => {
    last.current = snapshot;
  }, [snapshot]);
  useEffect(() => store.setPaused(isPaused), [store, isPaused]);
  return {store, snapshot};
}
