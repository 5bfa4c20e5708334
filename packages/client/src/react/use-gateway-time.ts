/** What time it is at the gateway, ticking. */
import {useSyncExternalStore} from 'react';
import {useHookswitch} from './provider.ts';
import {secondTicker} from './second-ticker.ts';

/**
 * Milliseconds since 1970 by the gateway's clock, in whole seconds, to show how long ago something happened there:
 * `useGatewayTime() - Date.parse(call.createdAt)`. Renders once a second.
 */
export function useGatewayTime(): number {
  const {subscribe, getSnapshot} = secondTicker(useHookswitch());
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}
