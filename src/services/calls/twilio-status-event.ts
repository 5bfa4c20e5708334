/** What Twilio's REST API says about a call, as an event for the journal. */
import type {CallRecord, StatusEvent} from '../../journal/call-event.ts';
import type {TwilioCall} from '../../twilio/twilio-client.ts';

export interface FromTwilioOptions {
  readonly source: 'api' | 'reconcile';
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly reference?: string;
}

/**
 * The event. Its key holds the facts and not the time: a call reaches each status once, so that hearing of it from
 * the same side again is the same news (J2), unless Twilio has found out more meanwhile.
 */
export function statusEventFrom(call: TwilioCall, {source, now, reference}: FromTwilioOptions): StatusEvent {
  return {
    kind: 'status',
    callSid: call.callSid,
    dedupeKey: [source, call.callSid, call.providerStatus, ...learnt(call)].join(':'),
    source,
    providerStatus: call.providerStatus,
    // `start_time` is when dialing began; when the call was answered, only a callback says.
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

/** What Twilio may know of a call only some time after it has reached a status. */
function learnt({answeredBy, duration}: TwilioCall): readonly string[] {
  return [
    ...(answeredBy === undefined ? [] : [`answeredBy=${answeredBy}`]),
    ...(duration === undefined ? [] : [`duration=${duration}`]),
  ];
}

/** The end of a call that Twilio does not know: only ended calls can be deleted, so this one has ended. */
export function goneEventFrom({callSid, providerStatus}: CallRecord, now: number): StatusEvent {
  const ended = providerStatus === 'in-progress' ? 'completed' : 'failed';
  return statusEventFrom({callSid, providerStatus: ended}, {source: 'reconcile', now});
}

/** How often the end of a call waits for its duration, before it is recorded without. */
export const MAX_POSTPONEMENTS = 2;

/** Whether Twilio will say more of an end soon: for a moment the REST API shows `completed` without a duration. */
export function lacksDuration({providerStatus, duration}: TwilioCall): boolean {
  return providerStatus === 'completed' && duration === undefined;
}
