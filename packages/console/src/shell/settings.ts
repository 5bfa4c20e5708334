/** Settings of this browser, such as the theme. They contain no data about calls. */

export function readSetting(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** `undefined` deletes the setting. Without storage, a setting lasts as long as the page. */
export function writeSetting(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {}
}
