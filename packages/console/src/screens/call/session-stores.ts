/** What lives as long as the session: one of each for a client, whichever screens come and go. */
import type {HookswitchClient} from '@hookswitch/client';
import {useMemo, useSyncExternalStore} from 'react';
import {useClient} from '../../session/session-context.ts';
import {type HangUpState, HangUps} from '../live/hang-ups.ts';
import {LiveTable, type LiveTablePorts} from '../live/live-table.ts';

interface SessionStores {
  readonly table: LiveTable;
  readonly hangUps: HangUps;
}

const stores = new WeakMap<HookswitchClient, SessionStores>();

const browser: LiveTablePorts = {
  monotonic: () => performance.now(),
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

function useStores(): SessionStores {
  const client = useClient();
  return useMemo(() => {
    const known = stores.get(client);
    if (known !== undefined) return known;
    const made = {table: new LiveTable({client, ports: browser}), hangUps: new HangUps(client)};
    stores.set(client, made);
    return made;
  }, [client]);
}

export function useLiveTable(): LiveTable {
  return useStores().table;
}

export function useHangUps(): HangUps {
  return useStores().hangUps;
}

/** What became of the wish to end this call; `undefined` where nobody has wished it. */
export function useHangUp(callSid: string): HangUpState | undefined {
  const hangUps = useHangUps();
  return useSyncExternalStore(hangUps.subscribe, () => hangUps.getSnapshot().get(callSid));
}
