/** How long a call has been talked on, ticking. */
import {useCallback, useMemo, useSyncExternalStore} from 'react';
import type {CallState, ReadableStore} from '../client-api.ts';
import {liveDuration} from '../live-duration.ts';
import {useHookswitch} from './provider.ts';
import {secondTicker} from './second-ticker.ts';

/**
 * Whole seconds since the call was answered; 0 before. Renders once a second while it is talked on, and stays at Twilio's own
 * figure once it has ended. Counts by the gateway's clock, not by the browser's. All durations on a page change in the same moment.
 */
export function useCallDuration(callSid: string): number {
  const client = useHookswitch();
  const call = client.call(callSid);
  const ticker = secondTicker(client);
  const getDuration = useCallback(() => {
    const state = call.getSnapshot();
    return state === undefined ? 0 : liveDuration(state, ticker.getSnapshot());
  }, [call, ticker]);
  const subscribe = useMemo(() => follow(call, ticker), [call, ticker]);
  return useSyncExternalStore(subscribe, getDuration, getDuration);
}

/** Listens to the call, and to the clock only while the call is being talked on. */
function follow(call: ReadableStore<CallState | undefined>, ticker: ReadableStore<number>) {
  return (listener: () => void) => {
    let stopTicking: (() => void) | undefined;
    const adjust = () => {
      const state = call.getSnapshot();
      const counting = state?.answeredAt !== undefined && !state.ended;
      if (counting) stopTicking ??= ticker.subscribe(listener);
      else {
        stopTicking?.();
        stopTicking = undefined;
      }
    };
    const unsubscribe = call.subscribe(() => {
      adjust();
      listener();
    });
    adjust();
    return () => {
      unsubscribe();
      stopTicking?.();
    };
  };
}
