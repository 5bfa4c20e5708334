/** Labels for the connection: its state, the reason, and the next step. */
import type {ConnectionState} from '@hookswitch/client';

type WaitReason = Extract<ConnectionState, {phase: 'waiting'}>['why'];

const waitLabels: Readonly<Record<WaitReason, string>> = {
  closed: 'The connection ended.',
  'going-away': 'The gateway is restarting.',
  silent: 'The gateway stopped sending.',
  timeout: 'The gateway did not answer in time.',
  'token-failed': 'The key could not be read.',
  unauthorized: 'The gateway refused the key.',
  offline: 'This device is offline.',
  suspended: 'The page was asleep.',
};

/** The time without a live connection, and how it ended. */
export interface Outage {
  readonly seconds: number;
  /** Nothing was missed; `false`: the state was reloaded from a snapshot. */
  readonly recovered: boolean;
}

export interface ConnectionLabels {
  readonly tone: 'good' | 'pending' | 'bad';
  /** Short, for the header. */
  readonly text: string;
  /** One more sentence. */
  readonly detail?: string;
  /**
   * `now`: reconnect immediately instead of later. `again`: connect again, because the client has stopped.
   */
  readonly action?: 'now' | 'again';
}

/**
 * @param outage the last outage, while it is still shown
 * @param first the connection has not been live since the page was opened
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
      : 'The calls in progress were reloaded. Earlier changes are in the history.',
  };
}
