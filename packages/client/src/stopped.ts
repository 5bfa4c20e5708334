/** The state in which nothing happens by itself, and what to do about it. */
import type {StoppedState, StopReason} from './connection-state.ts';

const whatToDo: Readonly<Record<StopReason, string>> = {
  'not-started': 'Subscribe, or call connect().',
  unauthorized: 'Sign in again, then call connect().',
  forbidden: 'Use a token that may open sessions.',
  protocol: 'Update the client: gateway and client differ.',
  'cannot-open': 'Check the url and the token.',
  disposed: 'Create another client.',
};

/** @param advice more exact than what is said for the reason */
export function stopped(why: StopReason, code?: number, advice = whatToDo[why]): StoppedState {
  return {phase: 'stopped', why, code, whatToDo: advice};
}
