/** Labels for calls. Pure. */
import type {Call, CallHistoryEvent} from '@hookswitch/protocol';
import {maskNumber} from '../design/mask-number.ts';
import {visibleText} from '../design/visible-text.ts';

type Direction = Call['direction'];

/** Whether the call comes in from outside. */
export function isInbound(direction: Direction): boolean {
  return direction === 'inbound' || direction === 'trunking-terminating';
}

/** `Outbound`, `Inbound`, `Leg`. */
export function directionWord({direction, parentCallSid}: Pick<Call, 'direction' | 'parentCallSid'>): string {
  if (parentCallSid !== undefined) return 'Leg';
  return isInbound(direction) ? 'Inbound' : 'Outbound';
}

/** `Call to +1555•••01`. The number is masked, because titles are visible to others. */
export function callTitle({direction, from, to}: Pick<Call, 'direction' | 'from' | 'to'>): string {
  const inbound = isInbound(direction);
  const other = visibleText(inbound ? from : to, 80);
  return `Call ${inbound ? 'from' : 'to'} ${other === '' ? 'unknown' : maskNumber(other)}`;
}

/** The kind of machine that answered; `undefined` for a person. */
export function answeredByLabels(answeredBy: string | undefined): string | undefined {
  if (answeredBy === undefined || answeredBy === 'human') return undefined;
  return visibleText(answeredBy.replaceAll('_', ' '), 40);
}

export const verdictLabels: Readonly<Record<CallHistoryEvent['verdict'], string>> = {
  applied: 'Applied',
  late: 'Late',
  duplicate: 'Duplicate',
};

/** The reason for the verdict, as a sentence. */
export function verdictReason({verdict, repeats}: Pick<CallHistoryEvent, 'verdict' | 'repeats'>): string {
  const again = repeats === 0 ? '' : ` Received again ${repeats === 1 ? 'once' : `${repeats} times`}.`;
  switch (verdict) {
    case 'applied':
      return `It changed the call, or recorded a command.${again}`;
    case 'late':
      return `A newer state was known when it arrived: kept as evidence, nothing changed.${again}`;
    case 'duplicate':
      return `The state was already known: kept as evidence, nothing changed.${again}`;
  }
}
