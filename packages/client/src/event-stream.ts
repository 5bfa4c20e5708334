/** Messages as an async iteration with a bounded buffer. A reader that is too slow gets an error, never a gap. */
import type {CallStatusMessage} from '@hookswitch/protocol';
import {HookswitchError} from './errors.ts';

/** An item of the stream: a message, or the end with an optional error. */
export type StreamItem =
  | {readonly message: CallStatusMessage}
  | {readonly message?: undefined; readonly error?: HookswitchError};

/** A source of items. It keeps the items that arrive before the stream has been created. */
export interface StreamSource {
  /** Passes all items, including the kept ones, to the listener. */
  listen(listener: (item: StreamItem) => void): void;
  /** Ends the delivery of items. */
  close(): void;
}

/** @param limit the number of messages buffered for a slow reader */
export function createEventStream(
  limit: number,
  source: StreamSource,
): Required<Pick<AsyncIterator<CallStatusMessage, undefined>, 'next' | 'return'>> {
  let buffer: CallStatusMessage[] = [];
  let ended = false;
  let failure: HookswitchError | undefined;
  let available = createLatch();

  /** Ends the stream. The reader still gets the buffered messages, and then the end or the error. */
  const finish = (error?: HookswitchError) => {
    if (ended) return;
    ended = true;
    failure = error;
    source.close();
    available.open();
  };

  source.listen((item) => {
    if (ended) return;
    if (item.message === undefined) {
      finish(item.error);
    } else if (buffer.length < limit) {
      buffer.push(item.message);
      available.open();
    } else {
      finish(
        new HookswitchError(
          'events_overflow',
          `The reader is too slow: the buffer of ${limit} events is full.`,
          {
            retry: 'now',
            whatToDo: 'Read client.calls, then iterate again. Read faster, or use a larger buffer.',
          },
        ),
      );
    }
  });

  return {
    next: async () => {
      for (;;) {
        const value = buffer.shift();
        if (value !== undefined) return {value, done: false};
        const error = failure;
        failure = undefined;
        if (error !== undefined) throw error;
        if (ended) return {value: undefined, done: true};
        const latch = available;
        await latch.opened;
        // The first of several waiting readers replaces the latch. The others then wait on the new one.
        if (available === latch) available = createLatch();
      }
    },
    return: async () => {
      buffer = [];
      finish();
      return {value: undefined, done: true};
    },
  };
}

/** A replacement for `Promise.withResolvers` in older browsers. */
function createLatch() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {open, opened};
}
