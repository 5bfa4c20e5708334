/** Builds the `stopped` state, including what a person can do about it. */
import type {StoppedState, StopReason} from './connection-state.ts';

const whatToDo: Readonly<Record<StopReason, string>> = {
  'not-started': 'Subscribe, or call connect().',
  unauthorized: 'The gateway refused the token. Create a client with a valid one, or with getToken.',
  forbidden: 'Use a token that may open sessions, and a page with an allowed origin.',
  protocol: 'Update the client: its protocol does not match the gateway.',
  'cannot-open': 'Check the token and the url. An https page needs an https url.',
  unsupported:
    'This runtime has no WebSocket. Pass one as the WebSocket option, such as that of the ws package.',
  disposed: 'Create a new client.',
};

export function stoppedState(why: StopReason, code?: number, reason?: string): StoppedState {
  const state: StoppedState = {phase: 'stopped', why, code, whatToDo: whatToDo[why]};
  if (reason === undefined || reason === '') return state;
  // Only the reason says which origin or user was refused, or why the socket cannot be opened.
  const isCause = why === 'forbidden' || why === 'cannot-open';
  return {...state, reason, whatToDo: isCause ? `${reason} ${state.whatToDo}` : state.whatToDo};
}
