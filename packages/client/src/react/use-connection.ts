/** Follows the connection. */
import {useSyncExternalStore} from 'react';
import type {ConnectionState} from '../connection-state.ts';
import {useHookswitch} from './provider.ts';

/** Returns the state of the connection, to show whether the displayed calls are live. */
export function useConnection(): ConnectionState {
  const {subscribe, getSnapshot} = useHookswitch().connection;
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}
