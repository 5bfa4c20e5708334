/** Follows the calls in progress. */
import {useCallback} from 'react';
import type {CallState} from '../client-api.ts';
import {type CallFilter, matchesFilter} from './call-filter.ts';
import {useHookswitch} from './provider.ts';
import {useSelected} from './use-selected.ts';

/**
 * Returns the calls in progress that match the filter, newest first. The filter is an object or a function. The array
 * changes only when a matching call changes, appears or ends. Unchanged calls keep their objects, so that rows with
 * `memo` do not render.
 */
export function useCalls(filter?: CallFilter | ((call: CallState) => boolean)): readonly CallState[] {
  const {calls} = useHookswitch();
  // A filter object written inline is a new object in every render, so its content is compared.
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
