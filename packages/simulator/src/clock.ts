import {setTimeout as delay} from 'node:timers/promises';

export interface ClockOptions {
  /** How many simulated seconds pass in a real one. */
  readonly speed: number;
}

/**
 * Simulated time. Ringing, talking, queueing and TwiML verbs are measured with it; network time-outs are not,
 * because the receiver of a webhook lives in real time whatever the speed.
 */
export class Clock {
  readonly speed: number;

  constructor({speed}: ClockOptions) {
    this.speed = speed;
  }

  /** Simulated milliseconds on a monotonic scale. */
  now(): number {
    return performance.now() * this.speed;
  }

  /** Waits for simulated milliseconds; rejects with an AbortError when `signal` aborts. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.realSleep(ms / this.speed, signal);
  }

  /** Waits for real milliseconds; rejects with an AbortError when `signal` aborts. */
  async realSleep(ms: number, signal: AbortSignal): Promise<void> {
    // A longer timer would overflow to 1 ms; nothing here waits for 24 days on purpose.
    await delay(Math.min(Math.max(ms, 0), 2 ** 31 - 1), undefined, {signal});
  }
}

/** Whether an error only says that a wait or a request was called off. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
