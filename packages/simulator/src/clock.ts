import {setTimeout as delay, setImmediate as turn} from 'node:timers/promises';

/** Real milliseconds after which `advance` gives up waiting for webhooks to be answered. */
const MAX_SETTLE_MS = 30_000;
/** A longer timer would overflow to 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface ClockOptions {
  /** How many simulated seconds pass in a real one. */
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
 * Simulated time. Ringing, talking, queueing and TwiML verbs are measured with it; network time-outs are not,
 * because the receiver of a webhook lives in real time whatever the speed.
 */
export class Clock {
  readonly speed: number;
  readonly #timers = new Set<Timer>();
  /** Added to real time, so that time continues where a manual clock was left. */
  #offsetMs = 0;
  /** The time of a manual clock; null while the clock runs by itself. */
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

  /** Stops time: from here on only `advance` moves it. */
  pause(): void {
    if (this.#frozenMs !== null) return;
    this.#frozenMs = this.now();
    for (const {handle} of this.#timers) clearTimeout(handle);
  }

  /** Lets time run by itself again, from where it stands. */
  resume(): void {
    if (this.#frozenMs === null) return;
    this.#offsetMs = this.#frozenMs - performance.now() * this.speed;
    this.#frozenMs = null;
    for (const timer of this.#timers) this.#arm(timer);
  }

  /**
   * Moves a manual clock on, from timer to timer. After each, `idle` is awaited, so that a document that is fetched in
   * between begins at its own time and not at the end of the step. Concurrent calls run one after the other.
   */
  advance(ms: number, idle: () => Promise<void>): Promise<void> {
    const advanced = this.#advancing.then(() => this.#advance(ms, idle));
    this.#advancing = advanced.catch(() => {});
    return advanced;
  }

  async #advance(ms: number, idle: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + MAX_SETTLE_MS;
    await this.#settle(idle, deadline);
    if (this.#frozenMs === null) throw new RangeError('The clock runs by itself: set it to manual first');
    const targetMs = this.#frozenMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({atMs}) => atMs <= targetMs);
      if (due.length === 0) break;
      const nextMs = Math.min(...due.map(({atMs}) => atMs));
      this.#frozenMs = Math.max(this.#frozenMs, nextMs);
      for (const timer of due) if (timer.atMs === nextMs) timer.fire();
      await this.#settle(idle, deadline);
      // Somebody let it run meanwhile.
      if (this.#frozenMs === null) return;
    }
    this.#frozenMs = Math.max(this.#frozenMs, targetMs);
  }

  /** Lets what a timer has woken go on, until it waits for the clock again. */
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
        throw new RangeError(`Calls and webhooks did not come to rest within ${MAX_SETTLE_MS / 1000} s`);
      }
    } finally {
      late.abort();
    }
  }

  /** Waits for simulated milliseconds; rejects with an AbortError when `signal` aborts. */
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

  /** Waits for real milliseconds; rejects with an AbortError when `signal` aborts. */
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

/** Whether an error only says that a wait or a request was called off. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
