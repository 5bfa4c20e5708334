/** Messages as an async iteration with a bound: a reader that is too slow is told, never silently short of some. */
import type {CallStatusMessage} from '@hookswitch/protocol';
import {HookswitchError} from './errors.ts';

/** What an iteration is told: a message, or that it is over, and why. */
export type Notice =
  | {readonly message: CallStatusMessage}
  | {readonly message?: undefined; readonly error?: HookswitchError};

/** Notices of before somebody takes them, and of from then on. */
export interface Notices {
  take(taker: (notice: Notice) => void): void;
  /** No more of them. */
  stop(): void;
}

/** @param limit messages kept for a slow reader */
export function createEventStream(
  limit: number,
  notices: Notices,
): Required<Pick<AsyncIterator<CallStatusMessage, undefined>, 'next' | 'return'>> {
  let buffer: CallStatusMessage[] = [];
  let ended = false;
  let fault: HookswitchError | undefined;
  let woken = createLatch();

  /** What is buffered is still read; then it ends, or throws. */
  const finish = (error?: HookswitchError) => {
    if (ended) return;
    ended = true;
    fault = error;
    notices.stop();
    woken.open();
  };

  notices.take((notice) => {
    if (ended) return;
    if (notice.message === undefined) {
      finish(notice.error);
    } else if (buffer.length < limit) {
      buffer.push(notice.message);
      woken.open();
    } else {
      finish(
        new HookswitchError('events_overflow', `More than ${limit} events wait to be read.`, {
          retry: 'now',
          whatToDo: 'Read client.calls, then iterate again, faster or with a larger buffer.',
        }),
      );
    }
  });

  return {
    next: async () => {
      for (;;) {
        const value = buffer.shift();
        if (value !== undefined) return {value, done: false};
        const error = fault;
        fault = undefined;
        if (error !== undefined) throw error;
        if (ended) return {value: undefined, done: true};
        const mine = woken;
        await mine.opened;
        // The first of several that wait makes the next one; the others wait for that.
        if (woken === mine) woken = createLatch();
      }
    },
    return: async () => {
      buffer = [];
      finish();
      return {value: undefined, done: true};
    },
  };
}

/** `Promise.withResolvers` for browsers that do not have it. */
function createLatch() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {open, opened};
}
