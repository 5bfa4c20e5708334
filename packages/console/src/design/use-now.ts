/** What time it is, for everything that ticks: one timer for the page, none while it is hidden. */
import {createContext, useContext, useSyncExternalStore} from 'react';

/** Milliseconds to add to this machine's clock to get the gateway's. */
export const ClockContext = createContext(0);

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setTimeout> | undefined;

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
  plan();
}

/** Timers drift; aiming at the full second keeps every counter in step with the others. */
function plan(): void {
  clearTimeout(timer);
  timer =
    listeners.size === 0 || document.visibilityState === 'hidden'
      ? undefined
      : setTimeout(tick, TICK_MS - (Date.now() % TICK_MS));
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    document.addEventListener('visibilitychange', tick);
    now = Date.now();
  }
  listeners.add(listener);
  if (timer === undefined) plan();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    document.removeEventListener('visibilitychange', tick);
    plan();
  };
}

/** This machine's clock, once a second; milliseconds since 1970. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** The gateway's clock, once a second: what its timestamps are to be compared with. */
export function useServerNow(): number {
  return useNow() + useContext(ClockContext);
}
