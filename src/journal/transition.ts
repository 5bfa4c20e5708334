/**
 * What an event does to a call (J4, J5). Pure: no clock, no I/O, the same everywhere a journal is kept.
 *
 * Twilio fires statuses in order but as separate requests, so `completed` can overtake `ringing`; SequenceNumber
 * orders the callbacks of one call, the rank of the statuses orders everything else, arrival time orders nothing.
 */
import {type CallMetadata, hasEnded, statusRank} from '@hookswitch/protocol';
import type {CallRecord, Offset, StatusEvent, Verdict} from './call-event.ts';

/** What the intent that dialled the call, or its parent leg, knows about it. */
export interface Provenance {
  readonly owner?: string;
  readonly metadata?: CallMetadata;
  /** The numbers we asked Twilio to connect, for an event that does not name them. */
  readonly from?: string;
  readonly to?: string;
}

export interface Transition {
  readonly verdict: Verdict;
  /** The call afterwards. Late and repeated events may fill in what was unknown; they change nothing that was known. */
  readonly call: CallRecord;
}

/**
 * Decides what `event`, about to be written at `offset`, does to `call` (`undefined`: the journal has no such call,
 * which creates it).
 */
export function transition(
  call: CallRecord | undefined,
  event: StatusEvent,
  offset: Offset,
  provenance: Provenance = {},
): Transition {
  if (call === undefined) return {verdict: 'applied', call: newCall(event, offset, provenance)};
  const verdict = judge(call, event);
  return {verdict, call: verdict === 'applied' ? advance(call, event, offset) : supplement(call, event)};
}

function judge(call: CallRecord, event: StatusEvent): Verdict {
  if (event.providerStatus === call.providerStatus) return 'duplicate';
  // The first ended status stays: a second, different one is somebody's late opinion.
  if (statusRank(event.providerStatus) <= statusRank(call.providerStatus)) return 'late';
  // Among callbacks the number decides, even where the status alone would look like progress.
  if (event.sequence !== undefined && call.sequence !== undefined && event.sequence <= call.sequence)
    return 'late';
  return 'applied';
}

function newCall(event: StatusEvent, offset: Offset, provenance: Provenance): CallRecord {
  return {
    callSid: event.callSid,
    parentCallSid: event.parentCallSid,
    direction: event.direction ?? (event.parentCallSid === undefined ? 'outbound-api' : 'outbound-dial'),
    from: event.from ?? provenance.from ?? '',
    to: event.to ?? provenance.to ?? '',
    owner: provenance.owner,
    metadata: provenance.metadata,
    answeredBy: event.answeredBy,
    createdAt: event.receivedAt,
    firstOffset: offset,
    ...progress(event, offset),
  };
}

function advance(call: CallRecord, event: StatusEvent, offset: Offset): CallRecord {
  return {
    ...supplement(call, event),
    ...progress(event, offset),
    // Not `event.receivedAt`: what was received first can be written second.
    updatedAt: Math.max(call.updatedAt, event.receivedAt),
    sequence: event.sequence ?? call.sequence,
    answeredAt: call.answeredAt ?? answeredAt(event),
  };
}

/** What only an applied event sets. */
function progress(event: StatusEvent, offset: Offset) {
  const ended = hasEnded(event.providerStatus);
  return {
    providerStatus: event.providerStatus,
    sequence: event.sequence,
    answeredAt: answeredAt(event),
    endedAt: ended ? event.happenedAt : undefined,
    duration: durationOf(event),
    updatedAt: event.receivedAt,
    offset,
  };
}

function answeredAt(event: StatusEvent): number | undefined {
  return event.providerStatus === 'in-progress' ? event.happenedAt : undefined;
}

/** Facts that were unknown until now. */
function supplement(call: CallRecord, event: StatusEvent): CallRecord {
  return {
    ...call,
    parentCallSid: call.parentCallSid ?? event.parentCallSid,
    from: call.from || (event.from ?? ''),
    to: call.to || (event.to ?? ''),
    answeredBy: call.answeredBy ?? event.answeredBy,
    answeredAt: call.answeredAt ?? answeredAt(event),
    // A look-up can see the end before Twilio has worked out how long it took.
    duration: call.duration ?? (call.providerStatus === 'completed' ? durationOf(event) : undefined),
    updatedAt: Math.max(call.updatedAt, event.receivedAt),
  };
}

/** Twilio sends CallDuration=0 for a call nobody answered; only a call that was answered has a duration. */
function durationOf({providerStatus, duration}: StatusEvent): number | undefined {
  return providerStatus === 'completed' ? duration : undefined;
}
