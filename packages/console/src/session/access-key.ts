/** The access key: it comes in the address once, and each tab keeps it for itself until it is closed or signed out. */

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
  /** Forgets the key, and all else that this tab keeps. */
  clear(): void;
  /** From now on no tab may go on with a key that it has kept. */
  voidAll(): void;
}

/** Of `Storage`, so much as is needed here. */
export interface TextStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export interface KeyStoreOptions {
  /** `sessionStorage`: the key itself, and what else the tab keeps. Throws where the browser allows no storage. */
  readonly tab: () => TextStorage;
  /** `localStorage`: how often somebody has signed out, never the key. */
  readonly shared: () => TextStorage;
  /** Where the gateway is: one origin may have several. */
  readonly baseUrl: string;
}

/**
 * Survives a reload, not the tab. Without storage the key lives as long as the page.
 *
 * A tab may miss a sign-out, because the browser has discarded it or it shows another site. It finds out when it comes
 * back: the sign-outs are counted where all tabs can see it, and a key that was written before the last one is void.
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
    voidAll: () => attempt(() => shared().setItem(countName, String(Number(signOuts()) + 1))),
  };
}
