/** How long a call has been talked on, ticking. */
import {useCallback, useMemo, useSyncExternalStore} from 'react';
import {liveDuration} from '../live-duration.ts';
import {useHookswitch} from './provider.ts';
import {secondTicker} from './second-ticker.ts';

/**
 * Whole seconds since the call was answered; 0 before. Renders once a second while it is talked on, and stays at Twilio's own
 * figure once it has ended. All durations on a page change in the same moment.
 */
export function useCallDuration(callSid: string): number {
  const call = useHookswitch().call(callSid);
  const getDuration = useCallback(() => {
    const state = call.getSnapshot();
    return state === undefined ? 0 : liveDuration(state, secondTicker.getSnapshot());
  }, [call]);
  const subscribe = useMemo(() => follow(call), [call]);
  return useSyncExternalStore(subscribe, getDuration, getDuration);
}

/** Listens to the call, and to the clock only while the call is being talked on. */
function follow(call: ReturnType<ReturnType<typeof useHookswitch>['call']>) {
  return (listener: () => void) => {
    let stopTicking: (() => void) | undefined;
    const adjust = () => {
      const state = call.getSnapshot();
      const counting = state?.answeredAt !== undefined && !state.ended;
      if (counting) stopTicking ??= secondTicker.subscribe(listener);
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
