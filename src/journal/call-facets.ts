/** Properties by which calls can be searched, derived from their records. */
import type {CallDirection, CallOutcome} from '@hookswitch/protocol';
import type {CallRecord} from './call-event.ts';

/** A call's direction as people search for it. */
export type CallWay = 'inbound' | 'outbound';

const ways: Readonly<Record<CallDirection, CallWay>> = {
  inbound: 'inbound',
  'outbound-api': 'outbound',
  'outbound-dial': 'outbound',
  // Twilio docs, "Elastic SIP Trunking": terminating calls go to the telephone network, originating calls
  // come from it.
  'trunking-terminating': 'outbound',
  'trunking-originating': 'inbound',
};

/** Maps Twilio's five directions to two. */
export function wayOf(direction: CallDirection): CallWay {
  return ways[direction];
}

/** The final status of a call; `undefined` while it is in progress. */
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

/**
 * Whether the call was answered. Only an answered call completes (Twilio docs, "Call status values"), so a
 * completed call counts even if the journal never saw the answer.
 */
export function wasAnswered({answeredAt, providerStatus}: CallRecord): boolean {
  return answeredAt !== undefined || providerStatus === 'completed';
}

/** Normalizes a number, an address or a search text: removes case, spaces and `+ - ( ) .` */
export function foldParty(text: string): string {
  return text.toLowerCase().replaceAll(/[\s+\-().]/g, '');
}

/** Length of the lower-case sid prefix that starts {@link searchText}. */
export const SID_START_LENGTH = 7;

/** UTF-16 code units of a party that are searchable. A Postgres index row has room for 2,700 bytes. */
const MAX_SEARCHED_PARTY = 256;

/** The searchable text of a call: the sid's prefix, then both parties, each after a space. */
export function searchText({callSid, from, to}: CallRecord): string {
  const sidStart = callSid.slice(0, SID_START_LENGTH).toLowerCase().padEnd(SID_START_LENGTH);
  return `${sidStart} ${searched(from)} ${searched(to)}`;
}

function searched(party: string): string {
  return foldParty(party).slice(0, MAX_SEARCHED_PARTY).toWellFormed();
}

/** Whether list order, filters and statistics stay the same. Most events only advance the call's status. */
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

/** The key of an hour's statistics: each hour is counted once for all calls, and once per owner. */
export function statisticsVisibility(owner: string | undefined): string {
  return owner === undefined ? 'all' : `user:${owner}`;
}
