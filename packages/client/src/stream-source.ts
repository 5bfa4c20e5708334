/** Connects an iteration to the client's events. */
import type {ClientEvents} from './client-api.ts';
import type {ConnectionState} from './connection-state.ts';
import type {Emitter} from './emitter.ts';
import {HookswitchError} from './errors.ts';
import type {StreamItem, StreamSource} from './event-stream.ts';

/**
 * Every event inside the client. Besides the public events: `calls` when the list changed, a call's sid when the call
 * changed, `clock` when the gateway clock was corrected, and `end` when iterations end.
 */
export type InternalEvents = ClientEvents & Readonly<Record<string, unknown>>;

export interface StreamSourceOptions {
  readonly emitter: Emitter<InternalEvents>;
  readonly state: ConnectionState;
  readonly disposed: AbortSignal;
  /** Ends the iteration without an error. */
  readonly signal: AbortSignal | undefined;
}

export function createStreamSource({emitter, state, disposed, signal}: StreamSourceOptions): StreamSource {
  const pending: StreamItem[] = [];
  let deliver = (item: StreamItem): void => {
    pending.push(item);
  };
  const endQuietly = () => deliver({});
  const unsubscribes = [
    emitter.on('status', (message) => deliver({message})),
    emitter.on('end', (error) => deliver({error: error as HookswitchError | undefined})),
  ];
  signal?.addEventListener('abort', endQuietly);
  if (disposed.aborted || signal?.aborted === true) endQuietly();
  else if (state.phase === 'stopped') deliver({error: stoppedError(state.whatToDo)});
  return {
    listen: (listener) => {
      deliver = listener;
      pending.forEach(listener);
    },
    close: () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
      signal?.removeEventListener('abort', endQuietly);
    },
  };
}

export function stoppedError(whatToDo: string): HookswitchError {
  return new HookswitchError('stopped', 'The client has stopped.', {whatToDo});
}

export function resetError(): HookswitchError {
  return new HookswitchError('events_reset', 'Some events were lost.', {
    retry: 'now',
    whatToDo: 'Read client.calls, then iterate again.',
  });
}
