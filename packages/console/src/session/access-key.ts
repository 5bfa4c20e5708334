/** The access key: comes in the address once, is kept for as long as the tab lives, and nowhere else. */

const STORAGE_KEY = 'hookswitch.key';
/** Everything this page and the SDK keep for the tab begins so: the calls it has seen, the number it called last. */
const OURS = 'hookswitch';

/** Of `window`, so much as is needed here. */
export interface Page {
  readonly location: {readonly hash: string; readonly pathname: string; readonly search: string};
  readonly history: {
    readonly state: unknown;
    replaceState(state: unknown, unused: string, url: string): void;
  };
}

/** Takes `#key=…` out of the address, where others could read it over a shoulder or in a copied link. */
export function takeKeyFromAddress({location, history}: Page): string | undefined {
  const found = /^#(?:.*&)?key=([^&]*)/.exec(location.hash)?.[1];
  if (found === undefined) return undefined;
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    return decodeURIComponent(found).trim() || undefined;
  } catch {
    return found;
  }
}

/** What remembers the key. */
export interface KeyStore {
  read(): string | undefined;
  write(key: string): void;
  clear(): void;
}

/** Of `Storage`, so much as is needed here. */
export interface TextStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

/**
 * Survives a reload, not the tab. For browsers that allow no storage (`storage` throws): then the key lives as long as
 * the page.
 */
export function createKeyStore(storage: () => TextStorage): KeyStore {
  let inMemory: string | undefined;
  const attempt = <T>(run: (storage: TextStorage) => T): T | undefined => {
    try {
      return run(storage());
    } catch {
      return undefined;
    }
  };
  return {
    read: () => inMemory ?? attempt((at) => at.getItem(STORAGE_KEY)) ?? undefined,
    write: (key) => {
      inMemory = key;
      attempt((at) => at.setItem(STORAGE_KEY, key));
    },
    clear: () => {
      inMemory = undefined;
      attempt((at) => at.removeItem(STORAGE_KEY));
      // Whoever sits down next shall not find whom the one before has called.
      attempt((at) => {
        for (const name of Object.keys(at)) if (name.startsWith(OURS)) at.removeItem(name);
      });
    },
  };
}
