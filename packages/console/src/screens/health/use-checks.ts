/** The {@link ChecksStore} of the health screen. */
import {useEffect, useMemo, useRef, useSyncExternalStore} from 'react';
import {endpoints} from '../../api/endpoints.ts';
import {useOnLive} from '../../api/use-on-live.ts';
import {browser} from '../../api/use-resource.ts';
import {useApi} from '../../session/session-context.ts';
import {type ChecksSnapshot, ChecksStore} from './checks-store.ts';

export function useChecks(): {readonly store: ChecksStore; readonly snapshot: ChecksSnapshot} {
  const api = useApi();
  const store = useMemo(
    () =>
      new ChecksStore({
        api: {
          report: (signal) => api.get(endpoints.health(), signal),
          run: (id, signal) => api.send('POST', endpoints.healthChecks(id), {signal}),
          act: (id) => api.send('POST', endpoints.healthAction(id)),
        },
        ports: browser,
      }),
    [api],
  );
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot);
  useOnLive(store.retry);
  useFirstRun(store, snapshot);
  return {store, snapshot};
}

/** If no check has ever run, runs all. Checks have no side effects. */
function useFirstRun(store: ChecksStore, snapshot: ChecksSnapshot): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (snapshot.state !== 'ready' || isDone.current || snapshot.checks.length === 0) return;
    isDone.current = true;
    if (snapshot.checks.every(({status}) => status === 'not-run')) void store.run();
  }, [store, snapshot]);
}
