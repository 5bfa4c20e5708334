/** Labels for a session. Pure. */
import type {SessionInfo} from '@hookswitch/protocol';
import type {SessionSort} from './session-query.ts';

/** How a phase is drawn; `unknown` for a phase that this version does not know. */
export type PhaseShape = 'opening' | 'streaming' | 'reading' | 'blocked' | 'closing' | 'closed' | 'unknown';

interface PhaseLabels {
  readonly shape: PhaseShape;
  readonly word: string;
  /** A description. */
  readonly sentence: string;
}

const known: Readonly<Record<string, PhaseLabels>> = {
  opening: {shape: 'opening', word: 'Opening', sentence: 'The session has not been sent anything yet.'},
  streaming: {
    shape: 'streaming',
    word: 'Streaming',
    sentence: 'The session receives changes as they happen.',
  },
  reading: {
    shape: 'reading',
    word: 'Catching up',
    sentence: 'The session is behind, and receives the missed changes from the journal.',
  },
  blocked: {
    shape: 'blocked',
    word: 'Not reading',
    sentence:
      'The client does not read. The gateway stops sending until it does, and closes the session after 30 s.',
  },
  closing: {shape: 'closing', word: 'Closing', sentence: 'The gateway is closing the session.'},
  closed: {shape: 'closed', word: 'Closed', sentence: 'The session has ended. This is its last state.'},
};

export function phaseLabels(phase: string): PhaseLabels {
  const words = Object.hasOwn(known, phase) ? known[phase] : undefined;
  return words ?? {shape: 'unknown', word: phase, sentence: 'This page does not know this phase.'};
}

export const sortLabels: Readonly<Record<SessionSort, string>> = {
  connected: 'Newest first',
  activity: 'Last active first',
  lag: 'Furthest behind first',
  unsent: 'Most unsent first',
};

/** `All calls`, `3 calls`, `Nothing`. */
export function subscriptionLabels(subscription: SessionInfo['subscription']): string {
  if (subscription === 'all') return 'All calls';
  const count = subscription.length;
  return count === 0 ? 'Nothing' : count === 1 ? '1 call' : `${count} calls`;
}

const whole = new Intl.NumberFormat('en');

/** `12,345`. */
export function formatCount(count: number): string {
  return whole.format(count);
}

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
