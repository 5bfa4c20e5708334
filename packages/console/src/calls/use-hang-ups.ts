/** The session's {@link HangUps}. */
import {useSyncExternalStore} from 'react';
import {perClient} from '../session/per-client.ts';
import {type HangUpState, HangUps} from './hang-ups.ts';

export const useHangUps = perClient((client) => new HangUps(client));

/** The state of the hang-up command for this call; `undefined` if there was none. */
export function useHangUp(callSid: string): HangUpState | undefined {
  const hangUps = useHangUps();
  return useSyncExternalStore(hangUps.subscribe, () => hangUps.getSnapshot().get(callSid));
}
