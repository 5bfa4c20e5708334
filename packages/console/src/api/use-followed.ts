/** A list that goes on being asked for, made anew for each question. */
import {useEffect, useMemo, useRef, useSyncExternalStore} from 'react';

/** What {@link useFollowed} needs of a store. */
export interface Followed<S> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => S;
  setPaused(isPaused: boolean): void;
}

/**
 * The store of the current question, and what of it is shown.
 * @param make given what the last one showed, for the time until the first answer; memoised: another function is another question
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
