/** Part of a store, with a reference that is stable for as long as that part is. */
import {useEffect, useMemo, useRef, useSyncExternalStore} from 'react';
import type {ReadableStore} from '../client-api.ts';

/**
 * What `select` makes of the store's snapshot. Renders again only where that is not `same` as before; a `select` that is a new function
 * in every render costs its own run and nothing more.
 */
export function useSelected<T, S>(
  store: ReadableStore<T>,
  select: (snapshot: T) => S,
  same: (a: S, b: S) => boolean,
): S {
  // Written after the commit only: a render that is thrown away must not be what later ones compare with.
  const committed = useRef<{readonly selection: S} | undefined>(undefined);
  const getSelection = useMemo(() => {
    let last: {readonly snapshot: T; readonly selection: S} | undefined;
    return () => {
      const snapshot = store.getSnapshot();
      if (last !== undefined && last.snapshot === snapshot) return last.selection;
      const before = last ?? committed.current;
      const selected = select(snapshot);
      const selection =
        before !== undefined && same(before.selection, selected) ? before.selection : selected;
      last = {snapshot, selection};
      return selection;
    };
  }, [store, select, same]);
  const selection = useSyncExternalStore(store.subscribe, getSelection, getSelection);
  useEffect(() => {
    committed.current = {selection};
  }, [selection]);
  return selection;
}
