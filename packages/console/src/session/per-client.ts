/** Objects that live as long as the session: one per client, independent of the mounted screens. */
import type {HookswitchClient} from '@hookswitch/client';
import {useMemo} from 'react';
import {useClient} from './session-context.ts';

/** A hook that returns the same `T` for the same client. `make` runs on first use. */
export function perClient<T extends object>(make: (client: HookswitchClient) => T): () => T {
  const known = new WeakMap<HookswitchClient, T>();
  return function useOfClient() {
    const client = useClient();
    return useMemo(() => {
      const made = known.get(client) ?? make(client);
      known.set(client, made);
      return made;
    }, [client]);
  };
}
