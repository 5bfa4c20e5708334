/** The connection in words: what is so, why, and what follows by itself. */
import type {ConnectionState} from '@hookswitch/client';

type WaitReason = Extract<ConnectionState, {phase: 'waiting'}>['why'];

const waitLabels: Readonly<Record<WaitReason, string>> = {
  closed: 'The connection ended.',
  'going-away': 'The gateway is restarting.',
  silent: 'The gateway has gone silent.',
  timeout: 'The gateway did not answer in time.',
  'token-failed': 'The key could not be read.',
  unauthorized: 'The gateway refused the key.',
  offline: 'This device is offline.',
  suspended: 'The page was asleep.',
};

/** The time without a live connection, and how it ended. */
export interface Outage {
  readonly seconds: number;
  /** Nothing was missed; `false`: shown anew from a snapshot. */
  readonly recovered: boolean;
}

export interface ConnectionLabels {
  readonly tone: 'good' | 'pending' | 'bad';
  /** Short, for the header. */
  readonly text: string;
  /** A sentence more. */
  readonly detail?: string;
  /** What can be done: do now what would happen later, or try again although nothing will by itself. */
  readonly action?: 'now' | 'again';
}

/**
 * @param outage the last one, for as long as it is worth telling
 * @param first nothing has been live since the page was opened
 */
export function connectionLabels(
  state: ConnectionState,
  {now, outage, first}: {readonly now: number; readonly outage?: Outage | undefined; readonly first: boolean},
): ConnectionLabels {
  switch (state.phase) {
    case 'connecting':
      return {tone: 'pending', text: first ? 'Connecting…' : 'Reconnecting…'};
    case 'catching-up':
      return {tone: 'pending', text: 'Catching up…'};
    case 'live':
      return liveLabels(outage);
    case 'waiting': {
      const seconds = state.retryAt === undefined ? undefined : Math.ceil((state.retryAt - now) / 1000);
      return {
        tone: 'bad',
        text:
          seconds === undefined
            ? 'Disconnected'
            : seconds > 0
              ? `Reconnecting in ${seconds} s`
              : 'Reconnecting…',
        detail: waitLabels[state.why],
        action: 'now',
      };
    }
    case 'stopped':
      return state.why === 'not-started'
        ? {tone: 'pending', text: 'Connecting…'}
        : {tone: 'bad', text: 'Stopped', detail: state.whatToDo, action: 'again'};
  }
}

function liveLabels(outage: Outage | undefined): ConnectionLabels {
  if (outage === undefined) return {tone: 'good', text: 'Live'};
  return {
    tone: 'good',
    text: `Caught up after ${outage.seconds} s`,
    detail: outage.recovered
      ? 'Nothing was missed.'
      : 'What happened in between is in the history; the calls in progress are shown anew.',
  };
}
