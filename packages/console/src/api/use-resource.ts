/** {@link ResourceStore} for components. */
import {useEffect, useMemo, useRef, useSyncExternalStore} from 'react';
import {gatewayClock} from '../gateway-clock.ts';
import {useApi} from '../session/session-context.ts';
import type {ResourcePath} from './endpoints.ts';
import {type Resource, type ResourcePorts, ResourceStore} from './resource.ts';
import {useOnLive} from './use-on-live.ts';

export interface UseResourceOptions {
  /** Milliseconds between a response and the next request. @default no polling */
  readonly pollMs?: number | undefined;
  /**
   * When the path changes, for example with a filter, keeps showing the last response until the new one is
   * there.
   */
  readonly keep?: boolean;
}

export type LiveResource<T> = Resource<T> & {
  /** Loads again at once. */
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

/** The response of an API URL, kept up to date while the component is mounted. */
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
