/**
 * Reacts when the connection becomes live, so that failed requests are repeated at once instead of at the
 * next poll.
 */
import {useHookswitch} from '@hookswitch/client/react';
import {useEffect} from 'react';

/** Runs `fn` whenever the connection becomes live. `fn` must stay the same between renders. */
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
