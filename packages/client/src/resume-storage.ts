/** Cursor and calls in `sessionStorage`, so that a reload resumes. Whatever goes wrong with it, the client works without. */

import type {Cursor} from './call-store.ts';
import type {CallState, ClientClock, ClientOptions, Unsubscribe} from './client-api.ts';

/** The calls as of a cursor, and whose they are. */
export interface ResumeRecord {
  readonly version: 1;
  readonly user: string;
  readonly subscription: string;
  readonly cursor: Cursor;
  readonly calls: readonly CallState[];
}

/** Characters; beyond, a reload begins with a snapshot. */
const MAX_RECORD_LENGTH = 500_000;
/** Milliseconds between two writes, so that a burst of messages is one. */
const WRITE_EVERY_MS = 1000;

type Store = NonNullable<ClientOptions['sessionStorage']>;

export class ResumeStorage {
  readonly #key: string;
  readonly #subscription: string;
  readonly #clock: ClientClock;
  readonly #store: Store | undefined;
  readonly #record: () => Omit<ResumeRecord, 'version' | 'subscription'> | undefined;
  #cancel: Unsubscribe | undefined;

  constructor(options: {
    readonly url: string;
    readonly subscription: 'all' | readonly string[];
    readonly clock: ClientClock;
    /** None: nothing is kept. */
    readonly store: Store | undefined;
    /** What is to be kept; nothing until there is something to resume from. */
    readonly record: () => Omit<ResumeRecord, 'version' | 'subscription'> | undefined;
  }) {
    this.#key = `hookswitch:${options.url}`;
    this.#subscription = String(options.subscription);
    this.#clock = options.clock;
    this.#store = options.store;
    this.#record = options.record;
  }

  /** What a page before this one left, if it is of use here. */
  load(): ResumeRecord | undefined {
    try {
      const record: ResumeRecord | null = JSON.parse(this.#store?.getItem(this.#key) ?? 'null');
      const fits =
        record?.version === 1 &&
        record.subscription === this.#subscription &&
        typeof record.user === 'string' &&
        typeof record.cursor.epoch === 'string' &&
        Number.isSafeInteger(record.cursor.offset) &&
        record.calls.every((call) => typeof call.callSid === 'string' && Array.isArray(call.timeline));
      return fits ? record : undefined;
    } catch {
      return undefined;
    }
  }

  /** Something changed: written soon. */
  touch(): void {
    if (this.#store !== undefined) this.#cancel ??= this.#clock.after(WRITE_EVERY_MS, () => this.flush());
  }

  /** Written now: the page may be going. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    try {
      const record = this.#record();
      if (record === undefined) return;
      const text = JSON.stringify({version: 1, subscription: this.#subscription, ...record});
      if (text.length <= MAX_RECORD_LENGTH) this.#store?.setItem(this.#key, text);
      else this.clear();
    } catch {
      this.clear();
    }
  }

  clear(): void {
    try {
      this.#store?.removeItem(this.#key);
    } catch {
      // Storage that cannot be written holds nothing of ours.
    }
  }
}
