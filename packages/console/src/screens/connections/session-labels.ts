/** A session's state in words. Pure. */
import type {SessionInfo} from '@hookswitch/protocol';
import type {SessionSort} from './session-query.ts';

/** How a phase is drawn: `unknown` for one that this page has not heard of. */
export type PhaseShape = 'opening' | 'streaming' | 'reading' | 'blocked' | 'closing' | 'closed' | 'unknown';

interface PhaseLabels {
  readonly shape: PhaseShape;
  readonly word: string;
  /** One sentence more. */
  readonly sentence: string;
}

const known: Readonly<Record<string, PhaseLabels>> = {
  opening: {shape: 'opening', word: 'Opening', sentence: 'Nothing was sent to it yet.'},
  streaming: {shape: 'streaming', word: 'Streaming', sentence: 'It is sent everything as it happens.'},
  reading: {
    shape: 'reading',
    word: 'Catching up',
    sentence: 'It is behind, and what it missed is read from the journal for it.',
  },
  blocked: {
    shape: 'blocked',
    word: 'Not reading',
    sentence:
      'It does not read what it was sent, and is sent no more until it does; after 30 s it is closed.',
  },
  closing: {shape: 'closing', word: 'Closing', sentence: 'It was told to go.'},
  closed: {shape: 'closed', word: 'Closed', sentence: 'It has gone; this is how it was.'},
};

export function phaseLabels(phase: string): PhaseLabels {
  const words = Object.hasOwn(known, phase) ? known[phase] : undefined;
  return words ?? {shape: 'unknown', word: phase, sentence: 'This page does not know this phase.'};
}

export const sortLabels: Readonly<Record<SessionSort, string>> = {
  connected: 'Newest first',
  activity: 'Last heard first',
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
