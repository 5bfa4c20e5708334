/** Cursor and calls in `sessionStorage`, so that a reload resumes. Whatever goes wrong with it, the client works without. */
import type {Cursor} from './call-store.ts';
import type {CallState, ClientClock, KeyValueStorage, Unsubscribe} from './client-api.ts';

/** The calls as of a cursor, and whose they are. */
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
  /** What is to be kept; nothing until there is something to resume from. */
  readonly record: () => ResumeRecord | undefined;
}

export interface ResumeStorage {
  /** What a page before this one left, if it is of use here. */
  load(): ResumeRecord | undefined;
  /** Something changed: written soon. */
  touch(): void;
  /** Written now: the page may be going. */
  flush(): void;
  clear(): void;
}

/** Changes with what a record holds. */
const VERSION = 1;
/** Characters; beyond, a reload begins with a snapshot. */
const MAX_RECORD_LENGTH = 500_000;
/** Milliseconds between two writes, so that a burst of messages is one. */
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
      // Storage that cannot be written holds nothing of ours.
    }
  };

  const flush = () => {
    cancel?.();
    cancel = undefined;
    const what = record();
    if (what === undefined) return;
    try {
      const text = JSON.stringify({kind, ...what});
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
    touch: () => {
      cancel ??= clock.after(WRITE_EVERY_MS, flush);
    },
  };
}
