import type {Call} from '../calls/call.ts';
import {API_VERSION} from '../calls/call-parameters.ts';
import type {CallRecorder} from '../calls/call-recorder.ts';
import type {Recording} from '../calls/recordings.ts';
import {rfc2822} from '../dates.ts';
import {badRequest} from './api-error.ts';
import {recordingOptions} from './create-call.ts';
import {text} from './form.ts';

/** A recording as the REST API shows it (Twilio docs: "Recordings resource"). */
export function recordingResource(recording: Recording, accountSid: string): Record<string, unknown> {
  const {options, callSid, sid, status, durationSeconds, startedAt, updatedAt} = recording;
  return {
    sid,
    account_sid: accountSid,
    call_sid: callSid,
    conference_sid: null,
    api_version: API_VERSION,
    status,
    channels: options.channels,
    duration: durationSeconds === null ? null : String(durationSeconds),
    start_time: rfc2822(startedAt),
    source: options.source,
    track: options.track,
    price: null,
    price_unit: 'USD',
    error_code: null,
    encryption_details: null,
    date_created: rfc2822(startedAt),
    date_updated: rfc2822(updatedAt),
    uri: `/${API_VERSION}/Accounts/${accountSid}/Calls/${callSid}/Recordings/${sid}.json`,
  };
}

/** Starts recording a call that is in progress. Throws 21220 for any other. */
export function startRecording(call: Call, form: URLSearchParams, recorder: CallRecorder): Recording {
  if (call.status !== 'in-progress')
    throw badRequest(21220, 'Requested resource is not eligible for recording');
  return recorder.start(call, recordingOptions(form, 'StartCallRecordingAPI'));
}

/** Pauses, resumes or stops a recording. */
export function updateRecording(recording: Recording, form: URLSearchParams, recorder: CallRecorder): void {
  const status = text(form, 'Status');
  if (status !== 'paused' && status !== 'in-progress' && status !== 'stopped') {
    throw badRequest(20001, `Invalid Status: ${status}`);
  }
  if (recording.durationSeconds !== null) {
    throw badRequest(21220, 'Requested resource is not eligible for recording');
  }
  recording.updatedAt = new Date();
  if (status !== 'stopped') {
    recording.status = status;
    return;
  }
  recorder.finish(recording);
}
