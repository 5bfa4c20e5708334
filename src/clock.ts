/** Time as a port: everything that waits or stamps takes a Clock, so that tests can move it. */

/** Ends a timer; calling it again, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01 UTC; may jump. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. For durations and deadlines. */
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
