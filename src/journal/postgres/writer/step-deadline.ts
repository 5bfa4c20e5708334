/** Sees to it that no step of a transaction takes longer than it may, whatever it waits for. */
import type {CancelTimer, Clock} from '../../../clock.ts';
import {COMMIT_MS, WAIT_MS} from './write-queue.ts';

/** The longest time of each step, in milliseconds. */
const longestMs = {
  connecting: WAIT_MS,
  /** For the head: as the server's limit of a lock, which is of each by itself, and here are two, a place in the line and the row. */
  waiting: 2000,
  /** The head: nobody else can append meanwhile. */
  holding: 2000,
  /** The head still, and it cannot be helped: what waits for a disk or a standby cannot be called back. */
  committing: COMMIT_MS,
} as const;

export type Step = keyof typeof longestMs;

export interface StepDeadlineOptions {
  readonly clock: Clock;
  /** Called again and again while something is done, with monotonic ms; whether the step takes too long. */
  readonly onLook: (now: number, isTooLong: boolean) => void;
}

const EVERY_MS = 100;

export class StepDeadline {
  readonly #options: StepDeadlineOptions;
  #step: Step = 'connecting';
  #since = 0;
  #cancel: CancelTimer | undefined;

  constructor(options: StepDeadlineOptions) {
    this.#options = options;
  }

  get step(): Step {
    return this.#step;
  }

  /** There is something to do. */
  start(): void {
    const {clock, onLook} = this.#options;
    this.enter('connecting');
    this.#cancel = clock.every(EVERY_MS, () => {
      const now = clock.monotonic();
      onLook(now, now - this.#since >= longestMs[this.#step]);
    });
  }

  enter(step: Step): void {
    this.#step = step;
    this.#since = this.#options.clock.monotonic();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
