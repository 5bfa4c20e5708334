/** Loads `lazy-part.ts` on first use. */
import type {CallActionsOptions} from './call-actions.ts';
import {HookswitchError} from './errors.ts';
import type {CallActions, createEventStream} from './lazy-part.ts';

export interface LazyPart {
  readonly actions: CallActions;
  readonly createEventStream: typeof createEventStream;
}

/** Returns a function that loads the part once. A failed load is repeated on the next call. */
export function createLazyPartLoader(options: CallActionsOptions): () => Promise<LazyPart> {
  let loading: Promise<LazyPart> | undefined;
  return () => {
    loading ??= import('./lazy-part.ts').then(
      (part) => ({
        createEventStream: part.createEventStream,
        actions: new part.CallActions(options),
      }),
      (cause: unknown) => {
        loading = undefined;
        throw new HookswitchError('network', 'Cannot load a part of the client.', {
          cause,
          retry: 'backoff',
          whatToDo: 'Try again, or reload the page.',
        });
      },
    );
    return loading;
  };
}
