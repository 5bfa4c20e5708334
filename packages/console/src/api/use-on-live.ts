/** What failed while the gateway was away need not wait for its next turn. */
import {useHookswitch} from '@hookswitch/client/react';
import {useEffect} from 'react';

/** Runs `fn` whenever the connection becomes live; it has to stay the same between renders. */
export function useOnLive(fn: () => void): void {
  const {connection} = useHookswitch();
  useEffect(
    () =>
      connection.subscribe(() => {
        if (connection.getSnapshot().phase === 'live') fn();
      }),
    [connection, fn],
  );
}
