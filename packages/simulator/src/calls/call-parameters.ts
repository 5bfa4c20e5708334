import {rfc2822} from '../dates.ts';
import type {WebhookParameters} from '../webhooks/signature.ts';
import type {Call} from './call.ts';
import {geoParameters} from './geo.ts';

export const API_VERSION = '2010-04-01';

/** Parameters of every webhook about a call (Twilio docs: "TwiML for Programmable Voice"). */
export function callParameters(call: Call, accountSid: string): WebhookParameters {
  const {from, to, direction, forwardedFrom, callerName, stirVerstat, applicationSid} = call.options;
  return {
    CallSid: call.sid,
    AccountSid: accountSid,
    From: from,
    To: to,
    Caller: from,
    Called: to,
    CallStatus: call.status,
    ApiVersion: API_VERSION,
    Direction: direction,
    ...geoParameters(from, to),
    ...present({
      ParentCallSid: call.parentSid,
      ForwardedFrom: forwardedFrom,
      CallerName: callerName,
      StirVerstat: stirVerstat,
      ApplicationSid: applicationSid,
      AnsweredBy: call.answeredBy,
    }),
  };
}

/** Parameters of a request for TwiML, including the result and duration of machine detection. */
export function documentParameters(call: Call, accountSid: string): WebhookParameters {
  const {machineDetectionMs} = call;
  const params = callParameters(call, accountSid);
  return machineDetectionMs === null
    ? params
    : {...params, MachineDetectionDuration: String(machineDetectionMs)};
}

/**
 * Parameters of a status callback (Twilio docs: "Call resource", StatusCallbackEvent). Uses up a
 * SequenceNumber.
 */
export function statusCallbackParameters(call: Call, accountSid: string): WebhookParameters {
  const sequenceNumber = call.sequence;
  call.sequence += 1;
  return {
    ...callParameters(call, accountSid),
    Timestamp: rfc2822(call.updatedAt),
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(sequenceNumber),
    ...endParameters(call),
  };
}

function endParameters({end, recorded}: Call): WebhookParameters {
  if (end === null) return {};
  const recording: WebhookParameters =
    recorded === null
      ? {}
      : {
          RecordingUrl: recorded.url,
          RecordingSid: recorded.sid,
          RecordingDuration: String(recorded.seconds),
        };
  return {
    CallDuration: String(end.durationSeconds),
    // Billing minutes, rounded up.
    Duration: String(Math.ceil(end.durationSeconds / 60)),
    SipResponseCode: String(end.sipResponseCode),
    ...recording,
  };
}

function present(params: Readonly<Record<string, string | null | undefined>>): WebhookParameters {
  return Object.fromEntries(
    Object.entries(params).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
