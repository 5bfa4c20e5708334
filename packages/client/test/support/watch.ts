/** Helpers that wait for a client's states and messages. */
import type {CallStatusMessage} from '@hookswitch/protocol';
import {until} from '../../../../test/support/until.ts';
import type {ConnectionState, HookswitchClient} from '../../src/index.ts';

type StateIn<Phase extends ConnectionState['phase']> = Extract<ConnectionState, {phase: Phase}>;

/** Resolves when the connection is in a phase and matches. */
export async function phase<Phase extends ConnectionState['phase']>(
  client: HookswitchClient,
  wanted: Phase,
  fits: (state: StateIn<Phase>) => boolean = () => true,
): Promise<StateIn<Phase>> {
  return until(
    () => {
      const state = client.connection.getSnapshot();
      return state.phase === wanted && fits(state as StateIn<Phase>) && (state as StateIn<Phase>);
    },
    {what: `the connection to be ${wanted}, it is ${JSON.stringify(client.connection.getSnapshot())}`},
  );
}

/** Collects all future states. */
export function states(client: HookswitchClient): ConnectionState[] {
  const seen: ConnectionState[] = [];
  client.on('connection', (state) => seen.push(state));
  return seen;
}

/** Collects all future messages. */
export function messages(client: HookswitchClient): CallStatusMessage[] {
  const seen: CallStatusMessage[] = [];
  client.on('status', (message) => seen.push(message));
  return seen;
}
