/** The cookies of one call's webhooks, by host. Cookie attributes are ignored. */
export class CookieJar {
  readonly #hosts = new Map<string, Map<string, string>>();

  keep(url: string, setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const pair = line.split(';', 1)[0] ?? '';
      const equals = pair.indexOf('=');
      if (equals < 1) continue;
      const {host} = new URL(url);
      const cookies = this.#hosts.get(host) ?? new Map<string, string>();
      cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
      this.#hosts.set(host, cookies);
    }
  }

  /** Returns the Cookie header for a URL, or an empty string. */
  header(url: string): string {
    const cookies = this.#hosts.get(new URL(url).host) ?? new Map<string, string>();
    return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
