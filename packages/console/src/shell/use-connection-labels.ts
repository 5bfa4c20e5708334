import {useConnection, useHookswitch} from '@hookswitch/client/react';
import {useEffect, useRef, useState} from 'react';
import {useLocalNow} from '../design/use-now.ts';
import {type ConnectionLabels, connectionLabels, type Outage} from './connection-labels.ts';

/** How long the note about a recovered connection is shown. */
const RECOVERY_SHOWN_MS = 8000;

/** The labels for the SDK's connection, and the length of its last outage. */
export function useConnectionLabels(): ConnectionLabels & {readonly retry: () => void} {
  const client = useHookswitch();
  const state = useConnection();
  const now = useLocalNow();
  /** Monotonic, because the system clock may be set meanwhile. */
  const lostAt = useRef<number>(undefined);
  const [wasLive, setWasLive] = useState(false);
  const [outage, setOutage] = useState<Outage>();
  const {phase} = state;
  const recovered = state.phase === 'live' && state.recovered;

  useEffect(() => {
    if (phase !== 'live') {
      if (wasLive) lostAt.current ??= performance.now();
      return undefined;
    }
    setWasLive(true);
    if (lostAt.current === undefined) return undefined;
    setOutage({seconds: Math.max(1, Math.round((performance.now() - lostAt.current) / 1000)), recovered});
    lostAt.current = undefined;
    const timer = setTimeout(() => setOutage(undefined), RECOVERY_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [phase, recovered, wasLive]);

  return {...connectionLabels(state, {now, outage, first: !wasLive}), retry: () => client.connect()};
}
