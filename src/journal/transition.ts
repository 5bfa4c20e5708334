/**
 * The state transition of a call (J4, J5). It is pure: no clock and no I/O, and every adapter uses it.
 *
 * Twilio sends statuses in order but as separate requests, so `completed` can overtake `ringing`.
 * SequenceNumber orders the callbacks of one call. The rank of the statuses orders all other events. Arrival
 * time orders nothing.
 */
import {type CallMetadata, hasEnded, type ProviderStatus, statusRank} from '@hookswitch/protocol';
import type {CallRecord, Offset, StatusEvent, Verdict} from './call-event.ts';

/** Facts about a call that its dial intent or its parent leg provides. */
export interface Provenance {
  readonly owner?: string;
  readonly metadata?: CallMetadata;
  /** The numbers we asked Twilio to connect. Used if the event does not name them. */
  readonly from?: string;
  readonly to?: string;
}

export interface Transition {
  readonly verdict: Verdict;
  /** The call after the event. */
  readonly call: CallRecord;
}

/**
 * Decides the effect of `event`, which will be written at `offset`, on `call`. If `call` is `undefined`, the
 * event creates it.
 *
 * An event that changes the visible state of the call is always `applied`, even if its status is an old one.
 * Its entry carries the call, so that the push, the feed, snapshots, replays and the record all show the
 * change. Late and duplicate events change nothing (J4).
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
  // The first final status stays. A later, different one is wrong or outdated.
  if (statusRank(providerStatus) <= statusRank(call.providerStatus)) return 'late';
  // Among callbacks, SequenceNumber decides, even if the status alone looks like progress.
  if (sequence !== undefined && call.sequence !== undefined && sequence <= call.sequence) return 'late';
  return 'applied';
}

/**
 * Facts that clients see or that decide who sees the call. Only `advance` changes the status and its times.
 */
const facts = [
  ...(['parentCallSid', 'direction', 'from', 'to', 'answeredBy', 'duration', 'owner', 'metadata'] as const),
];

function isSeen(before: CallRecord, after: CallRecord): boolean {
  return facts.some((fact) => before[fact] !== after[fact]);
}

/** The status of a call whose status is unknown. Every other status ranks higher. */
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
    // Not `event.receivedAt`, because an event that arrives first can be written second.
    updatedAt: Math.max(call.updatedAt, event.receivedAt),
    sequence: event.sequence ?? call.sequence,
    answeredAt: call.answeredAt ?? answeredAt(event),
  };
}

/** Fields that only change when the event advances the call. */
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

/** Fills in facts that were unknown until this event. */
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
    // While a call is in progress, `advance` sets this together with the status.
    answeredAt: call.answeredAt ?? (hasEnded(providerStatus) ? answeredAt(event) : undefined),
    // A lookup can see the end before Twilio has computed the duration.
    duration: call.duration ?? (providerStatus === 'completed' ? durationOf(event) : undefined),
    updatedAt: Math.max(call.updatedAt, event.receivedAt),
  };
}

/** Adds the intent's facts to a call that was first seen without its intent. */
function withProvenance(call: CallRecord, {owner, metadata, from = '', to = ''}: Provenance): CallRecord {
  const parties = {from: call.from || from, to: call.to || to};
  if (call.owner !== undefined || owner === undefined) return {...call, ...parties};
  return {...call, ...parties, owner, ...(metadata === undefined ? {} : {metadata})};
}

/** Twilio sends CallDuration=0 for unanswered calls. Only an answered call has a duration. */
function durationOf({providerStatus, duration}: StatusEvent): number | undefined {
  return providerStatus === 'completed' ? duration : undefined;
}
