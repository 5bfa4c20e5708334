/** The {@link SessionList} of a filter, and what of it is shown. */
import {useEffect, useMemo, useRef, useSyncExternalStore} from 'react';
import {endpoints} from '../../api/endpoints.ts';
import type {ResourcePorts} from '../../api/resource.ts';
import {useApi} from '../../session/session-context.ts';
import {SessionList, type SessionListSnapshot} from './session-list.ts';
import type {SessionFilter} from './session-query.ts';

const POLL_MS = 3000;
/** As many as the gateway gives. */
const PAGE = 200;

const browser: ResourcePorts = {
  now: () => Date.now(),
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

export interface UsedSessionList {
  readonly list: SessionList;
  readonly snapshot: SessionListSnapshot;
}

export function useSessionList({q, phase, sort}: SessionFilter, isPaused: boolean): UsedSessionList {
  const api = useApi();
  const last = useRef<SessionListSnapshot>(undefined);
  const list = useMemo(() => {
    // Another filter: the old answer is shown until the new one is there.
    const kept = last.current?.state === 'ready' ? {initial: last.current} : {};
    return new SessionList({
      sort,
      load: (cursor, signal) =>
        api.get(
          endpoints.sessions({
            q,
            sort,
            limit: PAGE,
            ...(phase !== undefined && {phase}),
            ...(cursor !== undefined && {cursor}),
          }),
          signal,
        ),
      pollMs: POLL_MS,
      ports: browser,
      ...kept,
    });
  }, [api, q, phase, sort]);
  const snapshot = useSyncExternalStore(list.subscribe, list.getSnapshot);
  useEffect(() => {
    last.current = snapshot;
  }, [snapshot]);
  useEffect(() => list.setPaused(isPaused), [list, isPaused]);
  return {list, snapshot};
}
