/** Limits the time of each step of a transaction. */
import type {CancelTimer, Clock} from '../../../clock.ts';
import {COMMIT_MS, WAIT_MS} from './write-queue.ts';

/** Maximum time of each step, in milliseconds. */
const longestMs = {
  connecting: WAIT_MS,
  /**
   * For the head. The server limits each lock by itself. This limits both: the place in the queue and the
   * row.
   */
  waiting: 2000,
  /** With the head locked, which blocks all other appends. */
  holding: 2000,
  /** The head stays locked, because a commit that waits for a disk or a standby cannot be canceled. */
  committing: COMMIT_MS,
} as const;

export type Step = keyof typeof longestMs;

export interface StepDeadlineOptions {
  readonly clock: Clock;
  /** Called at intervals while a step runs, with monotonic ms and whether the step takes too long. */
  readonly onCheck: (now: number, isTooLong: boolean) => void;
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

  /** Starts the checks. */
  start(): void {
    const {clock, onCheck} = this.#options;
    this.enter('connecting');
    this.#cancel = clock.every(EVERY_MS, () => {
      const now = clock.monotonic();
      onCheck(now, now - this.#since >= longestMs[this.#step]);
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
