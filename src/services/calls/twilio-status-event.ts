/** Converts calls of Twilio's REST API into journal events. */
import type {CallRecord, StatusEvent} from '../../journal/call-event.ts';
import type {TwilioCall} from '../../twilio/twilio-client.ts';

export interface FromTwilioOptions {
  readonly source: 'api' | 'reconcile';
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly reference?: string;
}

/**
 * The event. Its key contains the facts and not the time. A call reaches each status once, so the same status
 * from the same source is a duplicate (J2), unless Twilio has added a fact.
 */
export function statusEventFrom(call: TwilioCall, {source, now, reference}: FromTwilioOptions): StatusEvent {
  return {
    kind: 'status',
    callSid: call.callSid,
    dedupeKey: [source, call.callSid, call.providerStatus, ...laterFacts(call)].join(':'),
    source,
    providerStatus: call.providerStatus,
    // `start_time` is the start of dialing. Only a callback has the time of the answer.
    happenedAt: call.endedAt ?? now,
    receivedAt: now,
    direction: call.direction,
    from: call.from,
    to: call.to,
    parentCallSid: call.parentCallSid,
    answeredBy: call.answeredBy,
    duration: call.duration,
    reference,
  };
}

/** Facts that Twilio may add some time after the call has reached a status. */
function laterFacts({answeredBy, duration}: TwilioCall): readonly string[] {
  return [
    ...(answeredBy === undefined ? [] : [`answeredBy=${answeredBy}`]),
    ...(duration === undefined ? [] : [`duration=${duration}`]),
  ];
}

/** The end of a call that Twilio does not know. Only ended calls can be deleted, so this call has ended. */
export function goneEventFrom({callSid, providerStatus}: CallRecord, now: number): StatusEvent {
  const ended = providerStatus === 'in-progress' ? 'completed' : 'failed';
  return statusEventFrom({callSid, providerStatus: ended}, {source: 'reconcile', now});
}

/** How often the end of a call waits for its duration before it is recorded without one. */
export const MAX_POSTPONEMENTS = 2;

/** Whether Twilio will soon have the duration. For a moment the REST API shows `completed` without it. */
export function lacksDuration({providerStatus, duration}: TwilioCall): boolean {
  return providerStatus === 'completed' && duration === undefined;
}
