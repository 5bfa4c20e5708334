/**
 * What an event does to a call (J4, J5). Pure: no clock, no I/O, the same everywhere a journal is kept.
 *
 * Twilio fires statuses in order but as separate requests, so `completed` can overtake `ringing`; SequenceNumber
 * orders the callbacks of one call, the rank of the statuses orders everything else, arrival time orders nothing.
 */
import {type CallMetadata, hasEnded, type ProviderStatus, statusRank} from '@hookswitch/protocol';
import type {CallRecord, Offset, StatusEvent, Verdict} from './call-event.ts';

/** What the intent that dialed the call, or its parent leg, knows about it. */
export interface Provenance {
  readonly owner?: string;
  readonly metadata?: CallMetadata;
  /** The numbers we asked Twilio to connect, for an event that does not name them. */
  readonly from?: string;
  readonly to?: string;
}

export interface Transition {
  readonly verdict: Verdict;
  /** The call afterwards. */
  readonly call: CallRecord;
}

/**
 * Decides what `event`, about to be written at `offset`, does to `call` (`undefined`: the journal has no such call,
 * which creates it).
 *
 * There is one way for a fact to get anywhere: an event that changes what others see of the call is `applied`, even where its
 * status is an old one. Its entry carries the call, so that the change is pushed and is in the feed, in snapshots and in
 * replays, as it is in the record. Late and repeated events are those that change nothing (J4).
 */
export function transition(
  call: CallRecord | undefined,
  event: StatusEvent,
  offset: Offset,
  provenance: Provenance = {},
): Transition {
  if (call === undefined) return {verdict: 'applied', call: newCall(event, offset, provenance)};
  const verdict = judge(call, event);
  const moved = verdict === 'applied' ? advance(call, event) : supplement(call, event);
  const after = withProvenance(moved, provenance);
  return verdict === 'applied' || isSeen(call, after)
    ? {verdict: 'applied', call: {...after, offset}}
    : {verdict, call: after};
}

function judge(call: CallRecord, {providerStatus = call.providerStatus, sequence}: StatusEvent): Verdict {
  if (providerStatus === call.providerStatus) return 'duplicate';
  // The first ended status stays: a second, different one is somebody's late opinion.
  if (statusRank(providerStatus) <= statusRank(call.providerStatus)) return 'late';
  // Among callbacks the number decides, even where the status alone would look like progress.
  if (sequence !== undefined && call.sequence !== undefined && sequence <= call.sequence) return 'late';
  return 'applied';
}

/** Facts that others see, or see the call by; the status, and when it was reached, change with `advance` alone. */
const facts = [
  ...(['parentCallSid', 'direction', 'from', 'to', 'answeredBy', 'duration', 'owner', 'metadata'] as const),
];

function isSeen(before: CallRecord, after: CallRecord): boolean {
  return facts.some((fact) => before[fact] !== after[fact]);
}

/** What is known of a call in which state nobody has told us: every other state is further. */
const FIRST_STATUS = 'queued';

function newCall(event: StatusEvent, offset: Offset, provenance: Provenance): CallRecord {
  return {
    callSid: event.callSid,
    parentCallSid: event.parentCallSid,
    ...directionOf(event),
    from: event.from ?? provenance.from ?? '',
    to: event.to ?? provenance.to ?? '',
    owner: provenance.owner,
    metadata: provenance.metadata,
    answeredBy: event.answeredBy,
    createdAt: event.receivedAt,
    firstOffset: offset,
    ...progress(event, event.providerStatus ?? FIRST_STATUS),
    offset,
  };
}

function directionOf({direction, parentCallSid}: Pick<StatusEvent, 'direction' | 'parentCallSid'>) {
  return direction === undefined
    ? ({
        direction: parentCallSid === undefined ? 'outbound-api' : 'outbound-dial',
        isDirectionAssumed: true,
      } as const)
    : {direction};
}

function advance(call: CallRecord, event: StatusEvent): CallRecord {
  return {
    ...supplement(call, event),
    ...progress(event, event.providerStatus ?? call.providerStatus),
    // Not `event.receivedAt`: what was received first can be written second.
    updatedAt: Math.max(call.updatedAt, event.receivedAt),
    sequence: event.sequence ?? call.sequence,
    answeredAt: call.answeredAt ?? answeredAt(event),
  };
}

/** What only an event that moves the call on sets. */
function progress(event: StatusEvent, providerStatus: ProviderStatus) {
  return {
    providerStatus,
    sequence: event.sequence,
    answeredAt: answeredAt(event),
    endedAt: hasEnded(providerStatus) ? event.happenedAt : undefined,
    duration: durationOf(event),
    updatedAt: event.receivedAt,
  };
}

function answeredAt(event: StatusEvent): number | undefined {
  return event.providerStatus === 'in-progress' ? event.happenedAt : undefined;
}

/** Facts that were unknown until now. */
function supplement(call: CallRecord, event: StatusEvent): CallRecord {
  const {isDirectionAssumed, ...known} = call;
  const parentCallSid = call.parentCallSid ?? event.parentCallSid;
  const {providerStatus} = call;
  return {
    ...known,
    ...(isDirectionAssumed ? directionOf({direction: event.direction, parentCallSid}) : {}),
    parentCallSid,
    from: call.from || (event.from ?? ''),
    to: call.to || (event.to ?? ''),
    answeredBy: call.answeredBy ?? event.answeredBy,
    // While a call is in progress, `advance` sets it together with the status.
    answeredAt: call.answeredAt ?? (hasEnded(providerStatus) ? answeredAt(event) : undefined),
    // A look-up can see the end before Twilio has worked out how long it took.
    duration: call.duration ?? (providerStatus === 'completed' ? durationOf(event) : undefined),
    updatedAt: Math.max(call.updatedAt, event.receivedAt),
  };
}

/** A call that was first heard of without its intent gets what the intent knows when it is named. */
function withProvenance(call: CallRecord, {owner, metadata, from = '', to = ''}: Provenance): CallRecord {
  const parties = {from: call.from || from, to: call.to || to};
  if (call.owner !== undefined || owner === undefined) return {...call, ...parties};
  return {...call, ...parties, owner, ...(metadata === undefined ? {} : {metadata})};
}

/** Twilio sends CallDuration=0 for a call nobody answered; only a call that was answered has a duration. */
function durationOf({providerStatus, duration}: StatusEvent): number | undefined {
  return providerStatus === 'completed' ? duration : undefined;
}
