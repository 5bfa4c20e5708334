import {badRequest} from './api-error.ts';

/** Maximum number of resources of one kind. */
const MAX_ITEMS = 1000;

/**
 * The account's resources of one kind, oldest first. Bounded, because every client with the token can add
 * resources.
 */
export class Collection<T extends {readonly sid: string}> {
  readonly #items = new Map<string, T>();

  /** Throws 400 if there are too many. */
  add(item: T): T {
    if (this.#items.size >= MAX_ITEMS) {
      throw badRequest(
        20001,
        `The simulator keeps at most ${MAX_ITEMS} of these resources. Delete some first.`,
      );
    }
    this.#items.set(item.sid, item);
    return item;
  }

  get(sid: string): T | null {
    return this.#items.get(sid) ?? null;
  }

  delete(sid: string): void {
    this.#items.delete(sid);
  }

  all(): T[] {
    return [...this.#items.values()];
  }

  clear(): void {
    this.#items.clear();
  }
}
