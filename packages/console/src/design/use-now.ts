/** What time it is, for everything that ticks: one timer for the page, none while it is hidden. */
import {useSyncExternalStore} from 'react';
import {gatewayClock} from '../gateway-clock.ts';

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let now = read();
let timer: ReturnType<typeof setTimeout> | undefined;

function read() {
  return {gateway: gatewayClock.now(), local: Date.now()};
}

function tick(): void {
  gatewayClock.check();
  now = read();
  for (const listener of listeners) listener();
  plan();
}

/**
 * Timers drift. Aiming at the full second keeps every counter in step with the others. It is the gateway's second, since
 * Twilio's timestamps are whole seconds.
 */
function plan(): void {
  clearTimeout(timer);
  const sinceSecondMs = ((gatewayClock.now() % TICK_MS) + TICK_MS) % TICK_MS;
  timer =
    listeners.size === 0 || document.visibilityState === 'hidden'
      ? undefined
      : setTimeout(tick, TICK_MS - sinceSecondMs);
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    document.addEventListener('visibilitychange', tick);
    now = read();
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

/** The gateway's clock, once a second; milliseconds since 1970. The gateway's timestamps are compared with it. */
export function useGatewayNow(): number {
  return useSyncExternalStore(subscribe, () => now.gateway);
}

/** This machine's clock, once a second; milliseconds since 1970. Only for waits that this page began, such as `retryAt`. */
export function useLocalNow(): number {
  return useSyncExternalStore(subscribe, () => now.local);
}
