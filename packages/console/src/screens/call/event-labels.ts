/** Labels for the events of a call. Pure. */
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
  api: 'Twilio response',
  reconcile: 'Lookup',
  command: 'Command',
};

/**
 * Time between the event and its arrival. Twilio's whole seconds give an upper bound: `≤ 789 ms`. It is
 * negative if the clocks differ: `−2.0 s`.
 */
export function lagText({kind, lagMs, timestamp}: CallHistoryEvent): string {
  if (kind === 'command') return '–';
  const isExact = Date.parse(timestamp) % 1000 !== 0 || lagMs <= 0;
  return `${isExact ? '' : '≤ '}${formatMs(lagMs).replace('-', '−')}`;
}

/** `Ringing`, `Completed after 12 s`, `Hang-up requested by ada`. */
export function eventWord(event: CallHistoryEvent): string {
  if (event.kind === 'command') return `Hang-up requested by ${visibleText(event.user, 60)}`;
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

/** The verdict. A repeat is always a duplicate. */
export function markVerdict({event, repeats}: Mark): string {
  return verdictLabels[repeats === undefined ? event.verdict : 'duplicate'];
}

/** The reason for the verdict, as a sentence. */
export function markReason({event, repeats}: Mark): string {
  if (repeats === undefined) return verdictReason(event);
  return `Received again ${repeats === 1 ? 'once' : `${repeats} times`}. Only the count is kept, not the time.`;
}
