/** Calls in words. Pure. */
import type {Call, CallHistoryEvent} from '@hookswitch/protocol';
import {maskNumber} from '../design/mask-number.ts';
import {visibleText} from '../design/visible-text.ts';

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
export function answeredByLabels(answeredBy: string | undefined): string | undefined {
  if (answeredBy === undefined || answeredBy === 'human') return undefined;
  return visibleText(answeredBy.replaceAll('_', ' '), 40);
}

export const verdictLabels: Readonly<Record<CallHistoryEvent['verdict'], string>> = {
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
