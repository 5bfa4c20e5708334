/** The clock port. All code that waits or reads the time takes a Clock, so that tests can control it. */

/** Cancels a timer. Does nothing if the timer was canceled before or has fired. */
export type CancelTimer = () => void;

export interface Clock {
  /** The wall clock in milliseconds since 1970-01-01 UTC. It may jump. */
  now(): number;
  /** Milliseconds since an arbitrary time. Never goes back. For durations and deadlines. */
  monotonic(): number;
  /** Calls `fn` once after `delayMs`. Never keeps the process alive. */
  after(delayMs: number, fn: () => void): CancelTimer;
  /** Calls `fn` every `intervalMs`. Never keeps the process alive. */
  every(intervalMs: number, fn: () => void): CancelTimer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(intervalMs, fn) {
    const timer = setInterval(fn, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};
