/** The duration of a call, updated every second. */
import {useCallback, useMemo, useSyncExternalStore} from 'react';
import type {CallState, ReadableStore} from '../client-api.ts';
import {liveDuration} from '../live-duration.ts';
import {useHookswitch} from './provider.ts';
import {secondTicker} from './second-ticker.ts';

/**
 * The duration of a call in whole seconds: 0 before the answer, Twilio's duration after the end. Renders once a second
 * during the call. Uses the gateway's clock, not the browser's. All durations on a page change at the same moment.
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

/** Subscribes to the call, and to the ticker only while the call is in progress. */
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
