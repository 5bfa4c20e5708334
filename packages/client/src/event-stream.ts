/** Messages as an async iteration with a bound: a reader that is too slow is told, never silently short of some. */
import type {CallStatusMessage} from '@hookswitch/protocol';
import {HookswitchError} from './errors.ts';

export interface EventStream extends AsyncIterator<CallStatusMessage, undefined> {
  push(message: CallStatusMessage): void;
  /** What is buffered is still read; then it ends, or throws. */
  finish(error?: HookswitchError): void;
}

/** @param limit messages kept for a slow reader */
export function createEventStream(limit: number, onEnd: () => void): EventStream {
  let buffer: CallStatusMessage[] = [];
  let ended = false;
  let fault: HookswitchError | undefined;
  let woken = Promise.withResolvers<void>();

  const finish = (error?: HookswitchError) => {
    if (ended) return;
    ended = true;
    fault = error;
    onEnd();
    woken.resolve();
  };

  return {
    finish,
    push: (message) => {
      if (buffer.length < limit) {
        buffer.push(message);
        woken.resolve();
      } else {
        finish(
          new HookswitchError('events_overflow', `More than ${limit} events wait to be read.`, {
            retry: 'now',
            whatToDo: 'Read client.calls, then iterate again, faster or with a larger buffer.',
          }),
        );
      }
    },
    next: async () => {
      for (;;) {
        const value = buffer.shift();
        if (value !== undefined) return {value, done: false};
        const error = fault;
        fault = undefined;
        if (error !== undefined) throw error;
        if (ended) return {value: undefined, done: true};
        const mine = woken;
        await mine.promise;
        // The first of several that wait makes the next one; the others wait for that.
        if (woken === mine) woken = Promise.withResolvers();
      }
    },
    return: async () => {
      buffer = [];
      finish();
      return {value: undefined, done: true};
    },
  };
}
