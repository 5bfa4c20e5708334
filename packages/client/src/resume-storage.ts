/** Keeps the cursor and calls in `sessionStorage`, so that a reload resumes. The client also works if this fails. */
import type {Cursor} from './call-store.ts';
import type {CallState, ClientClock, KeyValueStorage, Unsubscribe} from './client-api.ts';

/** The calls at a cursor, and the user who may see them. */
export interface ResumeRecord {
  readonly user: string;
  readonly cursor: Cursor;
  readonly calls: readonly CallState[];
}

export interface ResumeStorageOptions {
  readonly url: string;
  readonly subscription: 'all' | readonly string[];
  readonly clock: ClientClock;
  readonly store: KeyValueStorage;
  /** Returns the record to save, or `undefined` while there is nothing to resume from. */
  readonly record: () => ResumeRecord | undefined;
}

export interface ResumeStorage {
  /** Returns the previous page's record, if this client can use it. */
  load(): ResumeRecord | undefined;
  /** Writes soon, after a change. */
  save(): void;
  /** Writes now, because the page may be closing. */
  flush(): void;
  clear(): void;
}

/** Increase this when the record's format changes. */
const VERSION = 1;
/** Maximum size in characters. If the record is larger, a reload starts with a snapshot. */
const MAX_RECORD_LENGTH = 500_000;
/** The minimum interval between two writes in milliseconds, so that a burst of messages causes one write. */
const WRITE_EVERY_MS = 1000;

export function createResumeStorage(options: ResumeStorageOptions): ResumeStorage {
  const {url, clock, store, record} = options;
  const key = `hookswitch:${url}`;
  const kind = `${VERSION}:${String(options.subscription)}`;
  let cancel: Unsubscribe | undefined;

  const clear = () => {
    try {
      store.removeItem(key);
    } catch {
      // Storage that cannot be written contains no record of ours.
    }
  };

  const flush = () => {
    cancel?.();
    cancel = undefined;
    const current = record();
    if (current === undefined) return;
    try {
      const text = JSON.stringify({kind, ...current});
      if (text.length > MAX_RECORD_LENGTH) clear();
      else store.setItem(key, text);
    } catch {
      clear();
    }
  };

  return {
    clear,
    flush,
    load: () => {
      try {
        const found: ResumeRecord & {kind: string} = JSON.parse(store.getItem(key) ?? 'null');
        const {user, cursor, calls} = found;
        const fits =
          found.kind === kind &&
          typeof user === 'string' &&
          typeof cursor.epoch === 'string' &&
          Number.isSafeInteger(cursor.offset) &&
          calls.every((call) => typeof call.callSid === 'string' && Array.isArray(call.timeline));
        return fits ? {user, cursor, calls} : undefined;
      } catch {
        return undefined;
      }
    },
    save: () => {
      cancel ??= clock.after(WRITE_EVERY_MS, flush);
    },
  };
}
