/** One call. */
import {useSyncExternalStore} from 'react';
import type {CallState} from '../client-api.ts';
import {useHookswitch} from './provider.ts';

/** The call as it is now, also after it has ended; `undefined` while this client knows of no such call. */
export function useCall(callSid: string): CallState | undefined {
  const {subscribe, getSnapshot} = useHookswitch().call(callSid);
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}
