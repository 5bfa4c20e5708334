/**
 * Parts of the page that are chunks of their own. They are fetched as soon as there is a connection, long before most are
 * wanted: somebody who moves about while the gateway is away, or after it was updated, could not get them any more.
 */
import {useConnection} from '@hookswitch/client/react';
import {type ComponentType, type LazyExoticComponent, lazy, useEffect} from 'react';

type Load<Props> = () => Promise<{readonly default: ComponentType<Props>}>;

const notLoaded = new Set<() => Promise<unknown>>();

/** Like `lazy`, and loaded ahead. */
export function lazyAhead<Props extends object = object>(
  load: Load<Props>,
): LazyExoticComponent<ComponentType<Props>> {
  notLoaded.add(load);
  return lazy(load);
}

/** Shows nothing; a component of its own, so that a change of the connection renders nothing else. */
export function LoadAhead() {
  const {phase} = useConnection();
  useEffect(() => {
    if (phase !== 'live') return undefined;
    const gone = new AbortController();
    void loadAll(gone.signal);
    return () => gone.abort();
  }, [phase]);
  return null;
}

/** One after the other, so that the screen somebody is waiting for need not share the line with all of them. */
async function loadAll(gone: AbortSignal): Promise<void> {
  for (const load of notLoaded) {
    if (gone.aborted) return;
    try {
      await load();
      notLoaded.delete(load);
    } catch {
      // Tried again with the next connection, or when it is wanted.
    }
  }
}
