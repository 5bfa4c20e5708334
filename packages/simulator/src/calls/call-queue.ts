import {type Clock, isAbort} from '../clock.ts';
import type {Call} from './call.ts';

/**
 * A call that is still queued after a day is canceled (Twilio docs: calls per second). Simulated
 * milliseconds.
 */
const MAX_QUEUE_MS = 24 * 3600 * 1000;

export interface CallQueueOptions {
  readonly clock: Clock;
  /** Calls started per simulated second; 0 or Infinity for no limit. */
  readonly callsPerSecond: number;
  /** Starts a call. `expired` is true if it has waited for more than a day. */
  readonly dispatch: (call: Call, expired: boolean) => void;
}

/** The queue of calls created over REST. Calls beyond the rate wait and are never rejected. */
export class CallQueue {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #dispatch: CallQueueOptions['dispatch'];
  readonly #waiting: {call: Call; sinceMs: number}[] = [];
  #nextSlotMs = 0;
  #draining = false;

  constructor({clock, callsPerSecond, dispatch}: CallQueueOptions) {
    this.#clock = clock;
    this.#intervalMs = callsPerSecond > 0 ? 1000 / callsPerSecond : 0;
    this.#dispatch = dispatch;
  }

  /** How long a call created now would wait. Simulated milliseconds. */
  estimateMs(): number {
    const untilSlot = Math.max(0, this.#nextSlotMs - this.#clock.now());
    return Math.round(untilSlot + this.#waiting.length * this.#intervalMs);
  }

  add(call: Call, signal: AbortSignal): void {
    this.#waiting.push({call, sinceMs: this.#clock.now()});
    if (this.#draining) return;
    this.#draining = true;
    this.#drain(signal).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
  }

  /** Assigns one slot to each call. Canceled calls give up their slot. */
  async #drain(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const waitMs = this.#nextSlotMs - this.#clock.now();
        if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
        const next = this.#takeWanted();
        if (next === null) return;
        // Counting from the slot instead of from now keeps the rate when timers are late.
        this.#nextSlotMs = Math.max(this.#nextSlotMs, next.sinceMs) + this.#intervalMs;
        this.#dispatch(next.call, this.#clock.now() - next.sinceMs > MAX_QUEUE_MS);
      }
    } finally {
      this.#draining = false;
    }
  }

  #takeWanted() {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!next.call.isOver) return next;
    }
    return null;
  }
}
