/** How the connection is. */
import {useSyncExternalStore} from 'react';
import type {ConnectionState} from '../connection-state.ts';
import {useHookswitch} from './provider.ts';

/** The state of the connection, to show people what they are looking at: live, catching up, or as of when. */
export function useConnection(): ConnectionState {
  const {subscribe, getSnapshot} = useHookswitch().connection;
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}
