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

/** So many characters of the sid, lower case, stand at the beginning of {@link searchText}. */
export const SID_START_LENGTH = 7;

/** UTF-16 code units of a party that are looked in: a row of Postgres' index has room for 2,700 bytes. */
const MAX_SEARCHED_PARTY = 256;

/** What text is looked for in: the sid's start, and both parties with a space before each. */
export function searchText({callSid, from, to}: CallRecord): string {
  const sidStart = callSid.slice(0, SID_START_LENGTH).toLowerCase().padEnd(SID_START_LENGTH);
  return `${sidStart} ${searched(from)} ${searched(to)}`;
}

function searched(party: string): string {
  return foldParty(party).slice(0, MAX_SEARCHED_PARTY).toWellFormed();
}

/** Whether nothing changed that a list goes by: most events only move a call on. */
export function sameInLists(a: CallRecord, b: CallRecord): boolean {
  return sameParties(a, b) && a.endedAt === b.endedAt && outcomeOf(a) === outcomeOf(b);
}

/** Whether nothing changed that a list goes by, but for the call's end. */
export function sameParties(a: CallRecord, b: CallRecord): boolean {
  return (
    a.parentCallSid === b.parentCallSid &&
    a.owner === b.owner &&
    a.createdAt === b.createdAt &&
    a.direction === b.direction &&
    a.from === b.from &&
    a.to === b.to
  );
}

/** Hours of calls are counted once for everybody, and once for the owner. */
export function statisticsVisibility(owner: string | undefined): string {
  return owner === undefined ? 'all' : `user:${owner}`;
}
