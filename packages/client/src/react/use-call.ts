/** Follows one call. */
import {useSyncExternalStore} from 'react';
import type {CallState} from '../client-api.ts';
import {useHookswitch} from './provider.ts';

/** Returns the current state of the call, also after its end. `undefined` if the client does not know the call. */
export function useCall(callSid: string): CallState | undefined {
  const {subscribe, getSnapshot} = useHookswitch().call(callSid);
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}
