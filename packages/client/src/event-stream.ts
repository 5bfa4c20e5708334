/** Messages as an async iteration with a bound: a reader that is too slow is told, never silently short of some. */
import type {CallStatusMessage} from '@hookswitch/protocol';
import {HookswitchError} from './errors.ts';

export class EventStream implements AsyncIterator<CallStatusMessage, undefined> {
  readonly #limit: number;
  readonly #onEnd: () => void;
  #buffer: CallStatusMessage[] = [];
  #end: {readonly error?: HookswitchError} | undefined;
  #wake: () => void = () => {};

  constructor(limit: number, onEnd: () => void) {
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  push(message: CallStatusMessage): void {
    if (this.#end !== undefined) return;
    if (this.#buffer.length < this.#limit) {
      this.#buffer.push(message);
      this.#wake();
    } else {
      this.finish(
        new HookswitchError('events_overflow', `More than ${this.#limit} events wait to be read.`, {
          retry: 'now',
          whatToDo: 'Read client.calls, then iterate again, faster or with a larger buffer.',
        }),
      );
    }
  }

  /** What is buffered is still read; then it ends, or throws. */
  finish(error?: HookswitchError): void {
    if (this.#end !== undefined) return;
    this.#end = {error};
    this.#onEnd();
    this.#wake();
  }

  async next(): Promise<IteratorResult<CallStatusMessage, undefined>> {
    for (;;) {
      const value = this.#buffer.shift();
      if (value !== undefined) return {value, done: false};
      if (this.#end !== undefined) {
        const {error} = this.#end;
        this.#end = {};
        if (error !== undefined) throw error;
        return {value: undefined, done: true};
      }
      const woken = Promise.withResolvers<void>();
      const others = this.#wake;
      this.#wake = () => {
        others();
        woken.resolve();
      };
      await woken.promise;
    }
  }

  async return(): Promise<IteratorResult<CallStatusMessage, undefined>> {
    this.#buffer = [];
    this.finish();
    return {value: undefined, done: true};
  }
}
