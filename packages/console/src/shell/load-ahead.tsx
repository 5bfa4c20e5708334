/**
 * Loads the chunks of the page as soon as there is a connection. Otherwise a user could not open a screen
 * while the gateway is unreachable, or after it was updated.
 */
import {useConnection} from '@hookswitch/client/react';
import {type ComponentType, type LazyExoticComponent, lazy, useEffect} from 'react';

type Load<Props> = () => Promise<{readonly default: ComponentType<Props>}>;

const notLoaded = new Set<() => Promise<unknown>>();

/** Like `lazy`, but loaded ahead. */
export function lazyAhead<Props extends object = object>(
  load: Load<Props>,
): LazyExoticComponent<ComponentType<Props>> {
  notLoaded.add(load);
  return lazy(load);
}

/** Renders nothing. It is a component of its own, so that connection changes render nothing else. */
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

/** Loads one chunk after the other, so that the screen that the user waits for gets most of the bandwidth. */
async function loadAll(gone: AbortSignal): Promise<void> {
  for (const load of notLoaded) {
    if (gone.aborted) return;
    try {
      await load();
      notLoaded.delete(load);
    } catch {
      // Retried with the next connection, or when it is used.
    }
  }
}
