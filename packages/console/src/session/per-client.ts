/** What lives as long as the session: one of each for a client, whichever screens come and go. */
import type {HookswitchClient} from '@hookswitch/client';
import {useMemo} from 'react';
import {useClient} from './session-context.ts';

/** A hook that gives everybody the same `T` for the same client; `make` runs when it is first asked for. */
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
