/** Selects a part of a store and keeps its reference stable while that part does not change. */
import {useEffect, useMemo, useRef, useSyncExternalStore} from 'react';
import type {ReadableStore} from '../client-api.ts';

/**
 * Returns `select(snapshot)`. Renders again only if the selection is not `same` as the previous one. A `select` that is
 * a new function in every render runs once per render, without further cost.
 */
export function useSelected<T, S>(
  store: ReadableStore<T>,
  select: (snapshot: T) => S,
  same: (a: S, b: S) => boolean,
): S {
  // Written only after the commit, because later renders must not compare with a discarded render.
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
