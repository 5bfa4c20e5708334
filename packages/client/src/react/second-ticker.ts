/** One ticker per client for everything that counts seconds: all of it changes in the same moment, and only while it is shown. */
import type {HookswitchClient, ReadableStore, Unsubscribe} from '../client-api.ts';

const tickers = new WeakMap<HookswitchClient, ReadableStore<number>>();

/**
 * Milliseconds since 1970 by the gateway's clock as of the last tick. It ticks on whole seconds, because Twilio's timestamps are
 * whole seconds, and when the clock is corrected.
 */
export function secondTicker(client: HookswitchClient): ReadableStore<number> {
  const ticker = tickers.get(client) ?? createTicker(client);
  tickers.set(client, ticker);
  return ticker;
}

function createTicker(client: HookswitchClient): ReadableStore<number> {
  const listeners = new Set<() => void>();
  let now = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unfollow: Unsubscribe | undefined;

  const wholeSecond = () => Math.floor(client.now() / 1000) * 1000;
  const schedule = () => {
    clearTimeout(timer);
    now = wholeSecond();
    timer = setTimeout(tick, 1000 - (client.now() % 1000));
  };
  const tick = () => {
    schedule();
    for (const listener of [...listeners]) listener();
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      if (timer === undefined) {
        schedule();
        unfollow = client.clockOffset.subscribe(tick);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
        unfollow?.();
      };
    },
    getSnapshot() {
      // Without listeners there are no ticks, and the last one may be an hour old.
      return timer === undefined ? wholeSecond() : now;
    },
  };
}
