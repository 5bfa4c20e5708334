import type {Call} from './call.ts';

/** Calls that can be active at once: more would only take memory. */
const MAX_ACTIVE = 100_000;

export interface CallRegistryOptions {
  /** Ended calls that are remembered. */
  readonly limit: number;
}

/** Every call the account has, oldest first. Ended calls beyond the limit are forgotten. */
export class CallRegistry {
  readonly #limit: number;
  readonly #calls = new Map<string, Call>();
  readonly #active = new Set<Call>();
  #created = 0;

  constructor({limit}: CallRegistryOptions) {
    this.#limit = limit;
  }

  /** Forgets every call. Their numbering continues, so that no index is used twice. */
  clear(): void {
    this.#calls.clear();
    this.#active.clear();
  }

  /** Number of the next call, from 1. */
  nextIndex(): number {
    this.#created += 1;
    return this.#created;
  }

  add(call: Call): void {
    this.#calls.set(call.sid, call);
    this.#active.add(call);
  }

  /** To be told when a call has ended. */
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

  /** Whether one more call can be active. */
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
