/** The access key: comes in the address once, is kept for as long as the tab lives, and nowhere else. */

const STORAGE_KEY = 'hookswitch.key';

/** For browsers that allow no storage: then the key lives as long as the page. @type {string | undefined} */
let inMemory;

/** Takes `#key=…` out of the address, where others could read it over a shoulder or in a copied link. */
export function takeKeyFromAddress() {
  const found = /^#(?:.*&)?key=([^&]*)/.exec(location.hash)?.[1];
  if (found === undefined) return undefined;
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    return decodeURIComponent(found).trim() || undefined;
  } catch {
    return found;
  }
}

/** @returns {string | undefined} */
export function rememberedKey() {
  try {
    return sessionStorage.getItem(STORAGE_KEY) ?? inMemory;
  } catch {
    return inMemory;
  }
}

/** @param {string} key */
export function rememberKey(key) {
  inMemory = key;
  try {
    sessionStorage.setItem(STORAGE_KEY, key);
  } catch {}
}

export function forgetKey() {
  inMemory = undefined;
  try {
    sessionStorage.removeItem(STORAGE_KEY);
  } catch {}
}
