/** The access key. It arrives in the URL once; each tab keeps it until it is closed or signed out. */

/** Prefix of everything that this page and the SDK store for the tab: known calls, the last called number. */
const OURS = 'hookswitch';

/** The part of `window` that is used here. */
export interface Page {
  readonly location: {readonly hash: string; readonly pathname: string; readonly search: string};
  readonly history: {
    readonly state: unknown;
    replaceState(state: unknown, unused: string, url: string): void;
  };
}

/** Removes `#key=…` from the URL, where others could read it on the screen or in a copied link. */
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

/** Stores the key. */
export interface KeyStore {
  read(): string | undefined;
  write(key: string): void;
  /** Deletes the key and everything else that this tab stores. */
  clear(): void;
  /** Invalidates the keys stored by all tabs. */
  invalidateAll(): void;
}

/** The part of `Storage` that is used here. */
export interface TextStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export interface KeyStoreOptions {
  /** `sessionStorage`: the key, and the other data of the tab. Throws if the browser blocks storage. */
  readonly tab: () => TextStorage;
  /** `localStorage`: the number of sign-outs, never the key. */
  readonly shared: () => TextStorage;
  /** URL of the gateway, because one origin may serve several. */
  readonly baseUrl: string;
}

/**
 * The key survives a reload, but not the end of the tab. Without storage, it lives as long as the page.
 *
 * A tab may miss a sign-out because the browser has discarded it or it shows another site. Therefore the
 * sign-outs are counted in storage shared by all tabs, and a key written before the last sign-out is invalid.
 */
export function createKeyStore({tab, shared, baseUrl}: KeyStoreOptions): KeyStore {
  const keyName = `${OURS}.key ${baseUrl}`;
  const countName = `${OURS}.sign-outs ${baseUrl}`;
  let inMemory: string | undefined;
  const attempt = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch {
      return undefined;
    }
  };
  const signOuts = () => attempt(() => shared().getItem(countName)) ?? '0';
  const clear = () => {
    inMemory = undefined;
    // The next person at this browser must not see which numbers the last one called.
    attempt(() => {
      for (const name of Object.keys(tab())) if (name.startsWith(OURS)) tab().removeItem(name);
    });
  };
  const readRecord = () => {
    const found = attempt(() => JSON.parse(tab().getItem(keyName) ?? 'null') as unknown);
    const {key, signOuts: count} = Object(found) as {readonly key?: unknown; readonly signOuts?: unknown};
    return typeof key === 'string' ? {key, isVoid: count !== signOuts()} : undefined;
  };
  return {
    clear,
    read: () => {
      const record = readRecord();
      if (record === undefined) return inMemory;
      if (record.isVoid) clear();
      return record.isVoid ? undefined : record.key;
    },
    write: (key) => {
      inMemory = key;
      attempt(() => tab().setItem(keyName, JSON.stringify({key, signOuts: signOuts()})));
    },
    invalidateAll: () => attempt(() => shared().setItem(countName, String(Number(signOuts()) + 1))),
  };
}
