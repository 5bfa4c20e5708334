/** Who works when: a node does one thing at a time, and nodes on one machine share its cores. */
import type {Timeline} from './timeline.ts';

interface Task {
  readonly forMs: number;
  readonly done: () => void;
}

/** Cores that threads take in the order in which they ask. */
export class Cores {
  readonly timeline: Timeline;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(timeline: Timeline, count: number) {
    this.timeline = timeline;
    this.#free = count;
  }

  /** Has a core for `forMs`, as soon as one is free. */
  use(forMs: number, done: () => void): void {
    const begin = () => {
      this.#free -= 1;
      this.timeline.after(forMs, () => {
        this.#free += 1;
        this.#waiting.shift()?.();
        done();
      });
    };
    if (this.#free > 0) begin();
    else this.#waiting.push(begin);
  }
}

/** A thread with its event loop: tasks one after the other, each as a whole. */
export class Thread {
  readonly #cores: Cores;
  readonly #tasks: Task[] = [];
  #first = 0;
  #working = false;
  #busyMs = 0;

  constructor(cores: Cores) {
    this.#cores = cores;
  }

  /** How long it has worked. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** Does it after all that was asked before. */
  run(forMs: number, done: () => void): void {
    this.#tasks.push({forMs, done});
    if (!this.#working) this.#next();
  }

  #next(): void {
    const task = this.#tasks[this.#first];
    if (task === undefined) {
      this.#tasks.length = 0;
      this.#first = 0;
      this.#working = false;
      return;
    }
    this.#first += 1;
    this.#working = true;
    this.#cores.use(task.forMs, () => {
      this.#busyMs += task.forMs;
      task.done();
      this.#next();
    });
  }
}
