/** The calls in progress. */
import {useCallback} from 'react';
import type {CallState} from '../client-api.ts';
import {type CallFilter, matchesFilter} from './call-filter.ts';
import {useHookswitch} from './provider.ts';
import {useSelected} from './use-selected.ts';

/**
 * The calls in progress that match, newest first: an object of conditions, or a function. The array is a new one only when a
 * matching call changed, came or went; the objects of the others stay the same, so that `memo` rows do not render.
 */
export function useCalls(filter?: CallFilter | ((call: CallState) => boolean)): readonly CallState[] {
  const {calls} = useHookswitch();
  // Conditions written in place are a new object in every render; what they say is not.
  const conditions = typeof filter === 'function' ? undefined : JSON.stringify(filter);
  const predicate = typeof filter === 'function' ? filter : undefined;
  const select = useCallback(
    (all: readonly CallState[]) => {
      if (predicate !== undefined) return all.filter(predicate);
      if (conditions === undefined) return all;
      const wanted: CallFilter = JSON.parse(conditions);
      return all.filter((call) => matchesFilter(call, wanted));
    },
    [conditions, predicate],
  );
  return useSelected(calls, select, sameCalls);
}

function sameCalls(a: readonly CallState[], b: readonly CallState[]): boolean {
  return a.length === b.length && a.every((call, index) => call === b[index]);
}
