/** Calls and journal entries as messages of the protocol. */
import {type Call, type CallStatusMessage, failureReason, toCallStatus} from '@hookswitch/protocol';
import type {CallRecord, JournalEntry} from '../../journal/call-event.ts';

/** The call as `call.snapshot` and the HTTP API show it. */
export function toCall(record: CallRecord): Call {
  return {
    callSid: record.callSid,
    status: toCallStatus(record.providerStatus),
    providerStatus: record.providerStatus,
    reason: failureReason(record.providerStatus),
    direction: record.direction,
    from: record.from,
    to: record.to,
    parentCallSid: record.parentCallSid,
    answeredBy: record.answeredBy,
    duration: record.duration,
    user: record.owner,
    metadata: record.metadata,
    createdAt: toIso(record.createdAt),
    answeredAt: record.answeredAt === undefined ? undefined : toIso(record.answeredAt),
    endedAt: record.endedAt === undefined ? undefined : toIso(record.endedAt),
    updatedAt: toIso(record.updatedAt),
    offset: record.offset,
  };
}

/** The entry as `call.status`; `undefined` for entries that are only evidence (J4). */
export function toCallStatusMessage(entry: JournalEntry): CallStatusMessage | undefined {
  const {call, event, offset, verdict} = entry;
  if (verdict !== 'applied' || event.kind !== 'status' || call === undefined) return undefined;
  return {
    type: 'call.status',
    callSid: call.callSid,
    status: toCallStatus(call.providerStatus),
    duration: call.duration,
    offset,
    providerStatus: call.providerStatus,
    reason: failureReason(call.providerStatus),
    direction: call.direction,
    from: call.from,
    to: call.to,
    parentCallSid: call.parentCallSid,
    answeredBy: call.answeredBy,
    timestamp: toIso(event.happenedAt),
    source: event.source,
  };
}

/** The last formatted time, because crowds reconnect, and are pinged, within one millisecond. */
let lastTime = Number.NaN;
let lastIso = '';

/** ISO 8601 from milliseconds since 1970. */
export function toIso(time: number): string {
  if (time === lastTime) return lastIso;
  lastIso = new Date(time).toISOString();
  lastTime = time;
  return lastIso;
}
