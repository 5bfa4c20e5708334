/** Valid events and intents for journal tests. A test sets only the fields it is about. */
import type {ProviderStatus} from '@hookswitch/protocol';
import type {CommandEvent, StatusEvent} from '../../../src/journal/call-event.ts';
import type {DialIntent} from '../../../src/journal/dial-intent.ts';

/** Start time of test calls, milliseconds since 1970. */
export const START = Date.UTC(2026, 0, 5, 12, 0, 0);

/** SequenceNumbers that Twilio assigns to a call with all four callbacks. */
const sequences: Readonly<Record<ProviderStatus, number>> = {
  queued: 0,
  initiated: 0,
  ringing: 1,
  'in-progress': 2,
  completed: 3,
  busy: 3,
  failed: 3,
  'no-answer': 3,
  canceled: 3,
};

/** A status callback. */
export function status(
  callSid: string,
  providerStatus: ProviderStatus,
  more: Partial<StatusEvent> = {},
): StatusEvent {
  const sequence = sequences[providerStatus];
  return {
    kind: 'status',
    source: 'callback',
    callSid,
    dedupeKey: `${callSid}:${sequence}:${providerStatus}`,
    happenedAt: START + sequence * 1000,
    receivedAt: START + sequence * 1000 + 80,
    providerStatus,
    sequence,
    direction: 'outbound-api',
    from: '+15550100001',
    to: '+15550100002',
    ...more,
  };
}

/** The four callbacks of an answered call. */
export function wholeCall(callSid: string, more: Partial<StatusEvent> = {}): readonly StatusEvent[] {
  return [
    status(callSid, 'initiated', more),
    status(callSid, 'ringing', more),
    status(callSid, 'in-progress', more),
    status(callSid, 'completed', {duration: 7, ...more}),
  ];
}

/** A command of a user. */
export function command(callSid: string, more: Partial<CommandEvent> = {}): CommandEvent {
  return {
    kind: 'command',
    source: 'api',
    action: 'disconnect',
    callSid,
    dedupeKey: `${callSid}:disconnect`,
    user: 'ann',
    happenedAt: START,
    receivedAt: START,
    ...more,
  };
}

/** A dial intent of user `ann`. */
export function intent(reference: string, more: Partial<DialIntent> = {}): DialIntent {
  return {
    reference,
    user: 'ann',
    requestHash: 'hash',
    from: '+15550100001',
    to: '+15550100002',
    createdAt: START,
    ...more,
  };
}
