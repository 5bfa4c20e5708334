/** The session's {@link HangUps}. */
import {useSyncExternalStore} from 'react';
import {perClient} from '../session/per-client.ts';
import {type HangUpState, HangUps} from './hang-ups.ts';

export const useHangUps = perClient((client) => new HangUps(client));

/** What became of the wish to end this call; `undefined` where nobody has wished it. */
export function useHangUp(callSid: string): HangUpState | undefined {
  const hangUps = useHangUps();
  return useSyncExternalStore(hangUps.subscribe, () => hangUps.getSnapshot().get(callSid));
}
