/** Who wants to be told of what. */
import type {Unsubscribe} from './client-api.ts';

export interface Emitter<Events> {
  readonly on: <Name extends keyof Events & string>(
    name: Name,
    listener: (event: Events[Name]) => void,
  ) => Unsubscribe;
  readonly emit: <Name extends keyof Events & string>(name: Name, event: Events[Name]) => void;
}

/** A listener that throws is reported like any uncaught error, and keeps nothing from the others. */
export function createEmitter<Events>(): Emitter<Events> {
  const all = new Map<string, Set<{readonly listener: (event: never) => void}>>();
  return {
    on: (name, listener) => {
      // The same function may listen twice; each is taken off by its own.
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
