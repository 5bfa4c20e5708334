import type {Call} from './call.ts';

/** Maximum number of active calls, to bound memory. */
const MAX_ACTIVE = 100_000;

export interface CallRegistryOptions {
  /** How many ended calls are kept. */
  readonly limit: number;
}

/** All calls of the account, oldest first. The oldest ended calls beyond the limit are removed. */
export class CallRegistry {
  readonly #limit: number;
  readonly #calls = new Map<string, Call>();
  readonly #active = new Set<Call>();
  #created = 0;

  constructor({limit}: CallRegistryOptions) {
    this.#limit = limit;
  }

  /** Removes all calls. The numbering continues, so that no index is used twice. */
  clear(): void {
    this.#calls.clear();
    this.#active.clear();
  }

  /** The index of the next call, starting at 1. */
  nextIndex(): number {
    this.#created += 1;
    return this.#created;
  }

  add(call: Call): void {
    this.#calls.set(call.sid, call);
    this.#active.add(call);
  }

  /** Sets the listener for ended calls. */
  ended(call: Call): void {
    this.#active.delete(call);
    if (this.#calls.size <= this.#limit) return;
    for (const [sid, {isOver}] of this.#calls) {
      if (isOver) this.#calls.delete(sid);
      if (this.#calls.size <= this.#limit) return;
    }
  }

  get(sid: string): Call | null {
    return this.#calls.get(sid) ?? null;
  }

  delete(sid: string): void {
    this.#calls.delete(sid);
  }

  /** Whether another call can become active. */
  get hasRoom(): boolean {
    return this.#active.size < MAX_ACTIVE;
  }

  get active(): ReadonlySet<Call> {
    return this.#active;
  }

  /** Oldest first. */
  all(): Call[] {
    return [...this.#calls.values()];
  }
}
