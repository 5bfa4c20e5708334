/** What happened to a call, and who said so, in words. Pure. */
import type {CallHistoryEvent} from '@hookswitch/protocol';
import {verdictLabels, verdictReason} from '../../calls/call-labels.ts';
import {statusWord} from '../../design/status-labels.ts';
import {formatMs} from '../../design/time-labels.ts';
import {visibleText} from '../../design/visible-text.ts';
import type {Mark, MarkKind, Phase} from './timeline-model.ts';

export const phaseLabels: Readonly<Record<Phase, string>> = {
  dialing: 'Dialing',
  ringing: 'Ringing',
  talking: 'Talking',
};

export const kindLabels: Readonly<Record<MarkKind, string>> = {
  callback: 'Callback',
  api: 'Twilio’s answer',
  reconcile: 'Look-up',
  command: 'Command',
};

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
  if (event.status === undefined) return 'No status';
  if (event.providerStatus === 'queued') return 'Queued';
  const reason = event.status === 'failed' ? failureOf(event) : undefined;
  return statusWord(event.status, reason);
}

function failureOf({providerStatus}: Extract<CallHistoryEvent, {kind: 'status'}>) {
  return providerStatus === 'busy' || providerStatus === 'no-answer' || providerStatus === 'canceled'
    ? providerStatus
    : 'failed';
}

/** What came of it, in a word; a repeat is a duplicate whatever came of the first. */
export function markVerdict({event, repeats}: Mark): string {
  return verdictLabels[repeats === undefined ? event.verdict : 'duplicate'];
}

/** Why, in a sentence. */
export function markReason({event, repeats}: Mark): string {
  if (repeats === undefined) return verdictReason(event);
  return `The same came ${repeats === 1 ? 'once' : `${repeats} times`} more: counted, changed nothing. When is not kept.`;
}
