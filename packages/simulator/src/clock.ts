import {setTimeout as delay, setImmediate as turn} from 'node:timers/promises';

/** Real milliseconds after which `advance` stops waiting for webhook responses. */
const MAX_SETTLE_MS = 30_000;
/** A longer timer would overflow to 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface ClockOptions {
  /** Simulated seconds per real second. */
  readonly speed: number;
  /** Time stands still until `advance` moves it. @default false */
  readonly manual?: boolean;
}

interface Timer {
  /** On the simulated clock. */
  readonly atMs: number;
  readonly fire: () => void;
  handle?: NodeJS.Timeout;
}

/**
 * Simulated time. Ringing, talking, queueing and TwiML verbs use it. Network timeouts use real time, because
 * webhook receivers live in real time at any speed.
 */
export class Clock {
  readonly speed: number;
  readonly #timers = new Set<Timer>();
  /** Added to real time, so that time continues from where a manual clock stopped. */
  #offsetMs = 0;
  /** The time of a manual clock, or null while the clock runs. */
  #frozenMs: number | null = null;
  #advancing: Promise<void> = Promise.resolve();

  constructor({speed, manual = false}: ClockOptions) {
    this.speed = speed;
    if (manual) this.pause();
  }

  /** Simulated milliseconds on a monotonic scale. */
  now(): number {
    return this.#frozenMs ?? performance.now() * this.speed + this.#offsetMs;
  }

  get isManual(): boolean {
    return this.#frozenMs !== null;
  }

  /** Stops time. From now on only `advance` moves it. */
  pause(): void {
    if (this.#frozenMs !== null) return;
    this.#frozenMs = this.now();
    for (const {handle} of this.#timers) clearTimeout(handle);
  }

  /** Lets time run again, from its current value. */
  resume(): void {
    if (this.#frozenMs === null) return;
    this.#offsetMs = this.#frozenMs - performance.now() * this.speed;
    this.#frozenMs = null;
    for (const timer of this.#timers) this.#arm(timer);
  }

  /**
   * Advances a manual clock from timer to timer. After each timer it waits for `idle`, so that a document
   * fetched in between starts at its own time and not at the end of the step. Concurrent calls run one after
   * another.
   */
  advance(ms: number, idle: () => Promise<void>): Promise<void> {
    const advanced = this.#advancing.then(() => this.#advance(ms, idle));
    this.#advancing = advanced.catch(() => {});
    return advanced;
  }

  async #advance(ms: number, idle: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + MAX_SETTLE_MS;
    await this.#settle(idle, deadline);
    if (this.#frozenMs === null) throw new RangeError('The clock is running: set it to manual first');
    const targetMs = this.#frozenMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({atMs}) => atMs <= targetMs);
      if (due.length === 0) break;
      const nextMs = Math.min(...due.map(({atMs}) => atMs));
      this.#frozenMs = Math.max(this.#frozenMs, nextMs);
      for (const timer of due) if (timer.atMs === nextMs) timer.fire();
      await this.#settle(idle, deadline);
      // Another caller may have started the clock in the meantime.
      if (this.#frozenMs === null) return;
    }
    this.#frozenMs = Math.max(this.#frozenMs, targetMs);
  }

  /** Waits until the work started by a timer waits for the clock again. */
  async #settle(idle: () => Promise<void>, deadline: number): Promise<void> {
    const late = new AbortController();
    const timeout = delay(Math.max(0, deadline - performance.now()), 'late', {signal: late.signal});
    timeout.catch(() => {});
    try {
      await turn();
      const first = await Promise.race([idle(), timeout]);
      await turn();
      const second = first === 'late' ? first : await Promise.race([idle(), timeout]);
      if (second === 'late' || performance.now() > deadline) {
        throw new RangeError(`Calls and webhooks did not settle within ${MAX_SETTLE_MS / 1000} s`);
      }
    } finally {
      late.abort();
    }
  }

  /** Waits for simulated milliseconds. Rejects with an AbortError when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#drop(timer);
        reject(new DOMException('Aborted', 'AbortError'));
      };
      const fire = () => {
        this.#drop(timer);
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const timer: Timer = {atMs: this.now() + Math.max(ms, 0), fire};
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, {once: true});
      this.#timers.add(timer);
      if (this.#frozenMs === null) this.#arm(timer);
    });
  }

  /** Waits for real milliseconds. Rejects with an AbortError when `signal` aborts. */
  async realSleep(ms: number, signal: AbortSignal): Promise<void> {
    await delay(Math.min(Math.max(ms, 0), MAX_TIMER_MS), undefined, {signal});
  }

  #arm(timer: Timer): void {
    const realMs = (timer.atMs - this.now()) / this.speed;
    timer.handle = setTimeout(timer.fire, Math.min(Math.max(realMs, 0), MAX_TIMER_MS));
  }

  #drop(timer: Timer): void {
    clearTimeout(timer.handle);
    this.#timers.delete(timer);
  }
}

/** Whether an error only means that a wait or request was aborted. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
