/** A value to look at and be told of, and what calls listeners. */
import type {ReadableStore, Unsubscribe} from './client-api.ts';

/** Listeners of one kind. One that throws is reported like any uncaught error, and keeps nothing from the others. */
export class Listeners<T = void> {
  readonly #all = new Set<{readonly listener: (event: T) => void}>();

  /** The same function may listen twice; each is taken off by its own. */
  add(listener: (event: T) => void): Unsubscribe {
    const entry = {listener};
    this.#all.add(entry);
    return () => {
      this.#all.delete(entry);
    };
  }

  get empty(): boolean {
    return this.#all.size === 0;
  }

  emit(event: T): void {
    for (const {listener} of [...this.#all]) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** A store over a value that lives elsewhere. `onSubscribe` is where a lazy client connects. */
export function readableStore<T>(
  getSnapshot: () => T,
  listen: (listener: () => void) => Unsubscribe,
  onSubscribe: () => void,
): ReadableStore<T> {
  return {
    getSnapshot,
    subscribe: (listener) => {
      const unsubscribe = listen(listener);
      onSubscribe();
      return unsubscribe;
    },
  };
}
