/**
 * One ticker per client for all hooks that count seconds. All of them change at the same moment. The ticker runs only
 * while a hook uses it.
 */
import type {HookswitchClient, ReadableStore, Unsubscribe} from '../client-api.ts';

const tickers = new WeakMap<HookswitchClient, ReadableStore<number>>();

/**
 * The gateway's time in milliseconds since 1970, as of the last tick. It ticks on whole seconds, because Twilio's
 * timestamps are whole seconds, and when the clock is corrected.
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
  let unsubscribe: Unsubscribe | undefined;

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
        unsubscribe = client.clockOffset.subscribe(tick);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
        unsubscribe?.();
      };
    },
    getSnapshot() {
      // Without listeners there are no ticks, and `now` may be an hour old.
      return timer === undefined ? wholeSecond() : now;
    },
  };
}
