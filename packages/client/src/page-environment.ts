/** Reports whether the page is online, visible or suspended. Importing this module touches no browser API. */
import type {ClientEnvironment, EnvironmentEvent} from './client-api.ts';

/** A browser without a network reports itself as offline, but it can still reach a gateway on the same machine. */
const OWN_MACHINE = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/;

/** Creates the page's environment. In Node, the environment is always online and visible. */
export function pageEnvironment(hostname: string): ClientEnvironment {
  const page = typeof document === 'undefined' ? undefined : document;
  const always = OWN_MACHINE.test(hostname);
  return {
    get online() {
      return page === undefined || always || navigator.onLine;
    },
    get visible() {
      return page?.visibilityState !== 'hidden';
    },
    watch(listener) {
      if (page === undefined) return () => {};
      const watching = new AbortController();
      const on = (target: EventTarget, name: string, event: () => EnvironmentEvent) =>
        target.addEventListener(name, () => listener(event()), {signal: watching.signal});
      on(page, 'visibilitychange', () => (this.visible ? 'visible' : 'hidden'));
      on(globalThis, 'pagehide', () => 'suspend');
      on(globalThis, 'pageshow', () => 'resume');
      if (!always) {
        on(globalThis, 'online', () => 'online');
        on(globalThis, 'offline', () => 'offline');
      }
      return () => watching.abort();
    },
  };
}
