/** The current time for everything that ticks: one timer for the page, none while it is hidden. */
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
  now = read();
  for (const listener of listeners) listener();
  plan();
}

/**
 * Aims at the full second, because timers drift and all counters must change together. It is the gateway's
 * second, because Twilio's timestamps are whole seconds.
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

/** The gateway's clock, once a second; milliseconds since 1970. Compare the gateway's timestamps with it. */
export function useGatewayNow(): number {
  return useSyncExternalStore(subscribe, () => now.gateway);
}

/**
 * This machine's clock, once a second; milliseconds since 1970. Only for times set by this page, such as
 * `retryAt`.
 */
export function useLocalNow(): number {
  return useSyncExternalStore(subscribe, () => now.local);
}
