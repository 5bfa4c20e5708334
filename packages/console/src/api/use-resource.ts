/** {@link ResourceStore} for components. */
import {useEffect, useMemo, useRef, useSyncExternalStore} from 'react';
import {gatewayClock} from '../gateway-clock.ts';
import {useApi} from '../session/session-context.ts';
import type {ResourcePath} from './endpoints.ts';
import {type Resource, type ResourcePorts, ResourceStore} from './resource.ts';
import {useOnLive} from './use-on-live.ts';

export interface UseResourceOptions {
  /** Milliseconds between an answer and the next question. @default never again */
  readonly pollMs?: number | undefined;
  /** Goes on showing the last answer when the path changes, such as with a filter, until the new one is there. */
  readonly keep?: boolean;
}

export type LiveResource<T> = Resource<T> & {
  /** Asks again at once. */
  readonly reload: () => void;
};

/** The page's own visibility, and the gateway's clock. */
export const browser: ResourcePorts = {
  now: gatewayClock.now,
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  isHidden: () => document.visibilityState === 'hidden',
  onVisibility: (listener) => {
    document.addEventListener('visibilitychange', listener);
    return () => document.removeEventListener('visibilitychange', listener);
  },
};

/** What an address of the API answers, kept up to date for as long as the component is mounted. */
export function useResource<T>(
  path: ResourcePath<T>,
  {pollMs, keep = false}: UseResourceOptions = {},
): LiveResource<T> {
  const api = useApi();
  const last = useRef<Resource<T>>(undefined);
  const store = useMemo(() => {
    const kept = keep && last.current?.state === 'ready' ? {initial: last.current} : {};
    return new ResourceStore<T>({
      load: (signal) => api.get(path, signal),
      pollMs,
      ports: browser,
      ...kept,
    });
  }, [api, path, pollMs, keep]);
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot);
  useEffect(() => {
    last.current = snapshot;
  }, [snapshot]);
  useOnLive(store.retry);
  return useMemo(() => ({...snapshot, reload: store.reload}), [snapshot, store]);
}
