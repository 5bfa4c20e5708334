/** What calls are looked for by, as it follows from their records. */
import type {CallDirection, CallOutcome} from '@hookswitch/protocol';
import type {CallRecord} from './call-event.ts';

/** Which way a call goes, as people ask for it. */
export type CallWay = 'inbound' | 'outbound';

const ways: Readonly<Record<CallDirection, CallWay>> = {
  inbound: 'inbound',
  'outbound-api': 'outbound',
  'outbound-dial': 'outbound',
  // Twilio docs, "Elastic SIP Trunking": terminating calls go out to the telephone network, originating ones come in.
  'trunking-terminating': 'outbound',
  'trunking-originating': 'inbound',
};

/** Twilio's five directions as one of two. */
export function wayOf(direction: CallDirection): CallWay {
  return ways[direction];
}

/** What became of a call; `undefined` while it is in progress. */
export function outcomeOf({providerStatus}: CallRecord): CallOutcome | undefined {
  switch (providerStatus) {
    case 'completed':
    case 'busy':
    case 'no-answer':
    case 'canceled':
    case 'failed':
      return providerStatus;
    case 'queued':
    case 'initiated':
    case 'ringing':
    case 'in-progress':
      return undefined;
  }
}

/** Whether somebody answered. Only an answered call completes (Twilio docs, "Call status values"), also unseen. */
export function wasAnswered({answeredAt, providerStatus}: CallRecord): boolean {
  return answeredAt !== undefined || providerStatus === 'completed';
}

/** Number, address or text to look for without what people write into numbers: case, spaces, `+ - ( ) .` */
export function foldParty(text: string): string {
  return text.toLowerCase().replaceAll(/[\s+\-().]/g, '');
}
