/** The state in which nothing happens by itself, and what to do about it. */
import type {StoppedState, StopReason} from './connection-state.ts';

const whatToDo: Readonly<Record<StopReason, string>> = {
  'not-started': 'Subscribe, or call connect().',
  unauthorized: 'The gateway refused the token. Create a client with a valid one, or with getToken.',
  forbidden: 'Use a token that may open sessions, and a page whose origin is allowed.',
  protocol: 'Update the client: gateway and client differ.',
  'cannot-open': 'Check the token and the url; an https page needs an https url.',
  unsupported:
    'This runtime has no WebSocket. Pass one as the WebSocket option, such as that of the ws package.',
  disposed: 'Create another client.',
};

export function stopped(why: StopReason, code?: number, reason?: string): StoppedState {
  const state: StoppedState = {phase: 'stopped', why, code, whatToDo: whatToDo[why]};
  if (reason === undefined || reason === '') return state;
  // Which origin or user was refused, and why a socket cannot be opened, only the reason says.
  const isCause = why === 'forbidden' || why === 'cannot-open';
  return {...state, reason, whatToDo: isCause ? `${reason} ${state.whatToDo}` : state.whatToDo};
}
