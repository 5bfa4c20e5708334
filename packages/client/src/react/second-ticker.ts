/** One clock for everything that counts seconds: it ticks for all of them in the same moment, and only while there is one. */
import type {ReadableStore} from '../client-api.ts';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Milliseconds since 1970 as of the last tick; ticks on whole seconds, since Twilio's timestamps are whole seconds. */
export const secondTicker: ReadableStore<number> = {
  subscribe(listener) {
    listeners.add(listener);
    if (timer === undefined) tick();
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      clearTimeout(timer);
      timer = undefined;
    };
  },
  getSnapshot() {
    // While nobody listens there are no ticks; whoever renders first must not see the last one of an hour ago.
    if (timer === undefined) now = wholeSecond();
    return now;
  },
};

function tick(): void {
  now = wholeSecond();
  timer = setTimeout(
    () => {
      tick();
      for (const listener of [...listeners]) listener();
    },
    1000 - (Date.now() % 1000),
  );
}

function wholeSecond(): number {
  return Math.floor(Date.now() / 1000) * 1000;
}
