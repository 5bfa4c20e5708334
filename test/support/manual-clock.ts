/** A clock that a test moves. */
import type {CancelTimer, Clock} from '../../src/clock.ts';

interface Timer {
  at: number;
  readonly everyMs?: number;
  readonly fn: () => void;
}

export class ManualClock implements Clock {
  #monotonic = 0;
  #wall: number;
  readonly #timers = new Set<Timer>();

  constructor(wall = Date.UTC(2026, 0, 1)) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delayMs: number, fn: () => void): CancelTimer {
    return this.#add({at: this.#monotonic + delayMs, fn});
  }

  every(everyMs: number, fn: () => void): CancelTimer {
    return this.#add({at: this.#monotonic + everyMs, everyMs, fn});
  }

  /** Number of active timers. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Advances both clocks and fires the due timers in order. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (let next = this.#nextDue(end); next !== undefined; next = this.#nextDue(end)) {
      this.#moveTo(next.at);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.at += next.everyMs;
      next.fn();
    }
    this.#moveTo(end);
  }

  /** Moves the wall clock only, as an administrator or NTP would. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #nextDue(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && timer.at < (next?.at ?? Infinity)) next = timer;
    return next;
  }

  #add(timer: Timer): CancelTimer {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
