/** Calls in words. Pure. */
import type {Call, CallHistoryEvent} from '@hookswitch/protocol';
import {maskNumber} from '../../design/mask-number.ts';
import {statusWord} from '../../design/status-words.ts';
import {formatMs} from '../../design/time-words.ts';
import type {MarkKind, Phase} from './timeline-model.ts';
import {visibleText} from './visible-text.ts';

type Direction = Call['direction'];

/** Whether somebody calls us, or we call somebody. */
export function isInbound(direction: Direction): boolean {
  return direction === 'inbound' || direction === 'trunking-terminating';
}

/** `Outbound`, `Inbound`, `Leg`. */
export function directionWord({direction, parentCallSid}: Pick<Call, 'direction' | 'parentCallSid'>): string {
  if (parentCallSid !== undefined) return 'Leg';
  return isInbound(direction) ? 'Inbound' : 'Outbound';
}

/** `Call to +1555•••01`, masked: it stands in titles, which others see. */
export function callTitle({direction, from, to}: Pick<Call, 'direction' | 'from' | 'to'>): string {
  const inbound = isInbound(direction);
  const other = visibleText(inbound ? from : to, 80);
  return `Call ${inbound ? 'from' : 'to'} ${other === '' ? 'unknown' : maskNumber(other)}`;
}

/** What heard the call answer: nothing to say of a person. */
export function answeredByWords(answeredBy: string | undefined): string | undefined {
  if (answeredBy === undefined || answeredBy === 'human') return undefined;
  return visibleText(answeredBy.replaceAll('_', ' '), 40);
}

export const phaseWords: Readonly<Record<Phase, string>> = {
  dialling: 'Dialling',
  ringing: 'Ringing',
  talking: 'Talking',
};

export const kindWords: Readonly<Record<MarkKind, string>> = {
  callback: 'Callback',
  api: 'Twilio’s answer',
  reconcile: 'Look-up',
  command: 'Command',
};

export const verdictWords: Readonly<Record<CallHistoryEvent['verdict'], string>> = {
  applied: 'Applied',
  late: 'Late',
  duplicate: 'Duplicate',
};

/** Why it has this verdict, in a sentence. */
export function verdictReason({verdict, repeats}: Pick<CallHistoryEvent, 'verdict' | 'repeats'>): string {
  const again = repeats === 0 ? '' : ` The same came ${repeats === 1 ? 'once' : `${repeats} times`} more.`;
  switch (verdict) {
    case 'applied':
      return `It changed the call, or was recorded as asked.${again}`;
    case 'late':
      return `Something newer was known when it came: kept as evidence, changed nothing.${again}`;
    case 'duplicate':
      return `It said what was known already: kept as evidence, changed nothing.${again}`;
  }
}

/**
 * How long it took to arrive: `≤ 789 ms` where Twilio named a whole second, in which it happened sooner or later. Earlier than it
 * happened, by another clock: `−2.0 s`.
 */
export function lagText({kind, lagMs, timestamp}: CallHistoryEvent): string {
  if (kind === 'command') return '–';
  const isExact = Date.parse(timestamp) % 1000 !== 0 || lagMs <= 0;
  return `${isExact ? '' : '≤ '}${formatMs(lagMs).replace('-', '−')}`;
}

/** `Ringing`, `Completed after 12 s`, `Hang-up asked for by ada`. */
export function eventWord(event: CallHistoryEvent): string {
  if (event.kind === 'command') return `Hang-up asked for by ${visibleText(event.user, 60)}`;
  if (event.providerStatus === 'queued') return 'Queued';
  const reason = event.status === 'failed' ? failureOf(event) : undefined;
  return statusWord(event.status, reason);
}

function failureOf({providerStatus}: Extract<CallHistoryEvent, {kind: 'status'}>) {
  return providerStatus === 'busy' || providerStatus === 'no-answer' || providerStatus === 'canceled'
    ? providerStatus
    : 'failed';
}
