/** The gateway's time, updated every second. */
import {useSyncExternalStore} from 'react';
import {useHookswitch} from './provider.ts';
import {secondTicker} from './second-ticker.ts';

/**
 * The gateway's time in milliseconds since 1970, rounded down to whole seconds. Use it to show how long ago something
 * happened: `useGatewayTime() - Date.parse(call.createdAt)`. Renders once a second.
 */
export function useGatewayTime(): number {
  const {subscribe, getSnapshot} = secondTicker(useHookswitch());
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}
