/** A typed event emitter. */
import type {Unsubscribe} from './client-api.ts';

export interface Emitter<Events> {
  readonly on: <Name extends keyof Events & string>(
    name: Name,
    listener: (event: Events[Name]) => void,
  ) => Unsubscribe;
  readonly emit: <Name extends keyof Events & string>(name: Name, event: Events[Name]) => void;
}

/** An error thrown by a listener is reported as an uncaught error and does not affect other listeners. */
export function createEmitter<Events>(): Emitter<Events> {
  const all = new Map<string, Set<{readonly listener: (event: never) => void}>>();
  return {
    on: (name, listener) => {
      // The same function may subscribe twice, and each subscription is removed separately.
      const entry = {listener};
      const listeners = all.get(name) ?? new Set();
      all.set(name, listeners.add(entry));
      return () => {
        listeners.delete(entry);
        if (listeners.size === 0 && all.get(name) === listeners) all.delete(name);
      };
    },
    emit: (name, event) => {
      for (const {listener} of [...(all.get(name) ?? [])]) {
        try {
          listener(event as never);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}
