import {mp3} from '../audio/mp3.ts';
import {wav} from '../audio/wav.ts';
import type {Call} from '../calls/call.ts';
import {API_VERSION} from '../calls/call-parameters.ts';
import type {CallRecorder} from '../calls/call-recorder.ts';
import type {Recording, Recordings} from '../calls/recordings.ts';
import {rfc2822} from '../dates.ts';
import {accountUriOf} from './account-path.ts';
import {ApiError, badRequest, notFound} from './api-error.ts';
import type {ApiReply} from './api-reply.ts';
import type {CallsApi} from './calls-api.ts';
import {recordingOptions} from './create-call.ts';
import {timeFilters} from './dates.ts';
import {choice, text} from './form.ts';
import {page} from './paging.ts';
import type {Handler, Route, RoutedRequest} from './routes.ts';

export interface RecordingRoutesOptions {
  readonly accountSid: string;
  readonly accountPath: string;
  readonly calls: CallsApi;
  readonly recordings: Recordings;
  readonly recorder: CallRecorder;
  /** Whether recording files are served without credentials. */
  readonly publicMedia: boolean;
}

/** `/Recordings…` and `/Calls/{sid}/Recordings…` (Twilio docs: "Recordings resource"). */
export function recordingRoutes(options: RecordingRoutesOptions): Route[] {
  const {accountPath, accountSid, calls, recordings, recorder, publicMedia} = options;
  const ofAccount = (recording: Recording) => recordingResource(recording, accountUriOf(accountSid), options);
  const ofCall = (recording: Recording) =>
    recordingResource(recording, `${accountUriOf(accountSid)}/Calls/${recording.callSid}`, options);
  const media = (audio: typeof wav): Route => ({
    path: '',
    isPublic: publicMedia,
    GET: (request) => mediaReply(findRecording(recordings, request), request, audio),
  });
  const item = `${accountPath}/Recordings/:recording`;
  return [
    {
      path: `${accountPath}/Recordings.json`,
      GET: ({path, query}) => listReply(recordings.all(), {path, query, render: ofAccount}),
    },
    {...itemRoute(options, ofAccount), path: `${item}.json`},
    {...media(wav), path: `${item}.wav`},
    {...media(mp3), path: `${item}.mp3`},
    // Without an extension the file is WAV (Twilio docs: "Recordings resource").
    {...media(wav), path: item},
    {
      path: `${accountPath}/Calls/:call/Recordings.json`,
      GET: ({params: {call = ''}, path, query}) => {
        const {sid} = calls.find(call, path);
        const items = recordings.all().filter(({callSid}) => callSid === sid);
        return listReply(items, {path, query, render: ofCall});
      },
      POST: ({params: {call = ''}, path, form}) => ({
        status: 201,
        body: ofCall(startRecording(calls.find(call, path), form, recorder)),
      }),
    },
    {
      ...itemRoute(options, ofCall),
      path: `${accountPath}/Calls/:call/Recordings/:recording.json`,
      POST: (request) => {
        const recording = findOfCall(options, request);
        updateRecording(recording, request.form, recorder);
        return {status: 200, body: ofCall(recording)};
      },
    },
  ];
}

type Render = (recording: Recording) => Record<string, unknown>;

function itemRoute(options: RecordingRoutesOptions, render: Render): {GET: Handler; DELETE: Handler} {
  const find = (request: RoutedRequest) =>
    request.params['call'] === undefined
      ? findRecording(options.recordings, request)
      : findOfCall(options, request);
  return {
    GET: (request) => ({status: 200, body: render(find(request))}),
    DELETE: (request) => {
      options.recorder.delete(find(request));
      return {status: 204, body: null};
    },
  };
}

/** Lists recordings, newest first. Deleted recordings are included only on request. */
function listReply(
  recordings: readonly Recording[],
  {path, query, render}: {path: string; query: URLSearchParams; render: Render},
): ApiReply {
  const filters = timeFilters(query, 'DateCreated', ({startedAt}: Recording) => startedAt);
  const callSid = query.get('CallSid');
  // Conferences are not simulated, so no recording belongs to a conference.
  const isOfConference = Boolean(query.get('ConferenceSid'));
  const all = recordings.toReversed();
  const items = all.filter(
    (recording) =>
      !isOfConference &&
      isShown(recording, query) &&
      (!callSid || recording.callSid === callSid) &&
      filters.every((filter) => filter(recording)),
  );
  return {status: 200, body: page({key: 'recordings', items, all, render, path, query})};
}

function isShown({status}: Recording, query: URLSearchParams): boolean {
  return status !== 'deleted' || query.get('IncludeSoftDeleted')?.toLowerCase() === 'true';
}

/** Throws 404/20404. */
function findRecording(recordings: Recordings, {params: {recording: sid = ''}, query, path}: RoutedRequest) {
  const recording = recordings.get(sid);
  if (recording === null || !isShown(recording, query)) throw notFound(path);
  return recording;
}

/**
 * Finds a recording of a call. `Twilio.CURRENT` is the running one. Throws 404/20404, or 16108 if several are
 * running.
 */
function findOfCall(
  {calls, recordings, recorder}: RecordingRoutesOptions,
  request: RoutedRequest,
): Recording {
  const {params, path} = request;
  const call = calls.find(params['call'] ?? '', path);
  if (params['recording'] !== 'Twilio.CURRENT') {
    const recording = findRecording(recordings, request);
    if (recording.callSid !== call.sid) throw notFound(path);
    return recording;
  }
  const [current, another] = recorder.running(call);
  if (another !== undefined) throw new ApiError(400, 16108, 'More than one recording is active');
  if (current === undefined || current.callSid !== call.sid) throw notFound(path);
  return current;
}

/** Returns the file of a complete recording. A client can request one of two channels. */
function mediaReply(recording: Recording, {query, path}: RoutedRequest, audio: typeof wav): ApiReply {
  const {status, durationSeconds, options} = recording;
  if (status !== 'completed' || durationSeconds === null) throw notFound(path);
  const asked = query.get('RequestedChannels');
  const isPossible = asked === null || asked === '1' || (asked === '2' && options.channels === 2);
  if (!isPossible) throw badRequest(20001, `RequestedChannels is not possible: ${asked}`);
  return {
    status: 200,
    body: null,
    media: audio(durationSeconds, asked === '1' ? 1 : options.channels),
    headers: {'Last-Modified': recording.updatedAt.toUTCString()},
  };
}

/**
 * Starts a recording of a call in progress. A second start returns the running recording. Throws 21220 if the
 * call is not in progress.
 */
function startRecording(call: Call, form: URLSearchParams, recorder: CallRecorder): Recording {
  if (call.status !== 'in-progress')
    throw badRequest(21220, 'Requested resource is not eligible for recording');
  const options = recordingOptions(form, 'StartCallRecordingAPI');
  const running = recorder.running(call).find((recording) => recording.options.source === options.source);
  return running ?? recorder.start(call, options);
}

/** Pauses, resumes or stops a recording. */
function updateRecording(recording: Recording, form: URLSearchParams, recorder: CallRecorder): void {
  const status = text(form, 'Status');
  if (status !== 'paused' && status !== 'in-progress' && status !== 'stopped') {
    throw badRequest(20001, `Invalid Status: ${status}`);
  }
  if (recording.durationSeconds !== null) {
    throw badRequest(21220, 'Requested resource is not eligible for recording');
  }
  if (status === 'stopped') recorder.stop(recording);
  else if (status === 'in-progress') recorder.resume(recording);
  else recorder.pause(recording, choice(form, 'PauseBehavior', ['skip', 'silence'], 'silence'));
}

function recordingResource(
  recording: Recording,
  parentUri: string,
  {accountSid, recordings}: Pick<RecordingRoutesOptions, 'accountSid' | 'recordings'>,
): Record<string, unknown> {
  const {options, callSid, sid, status, durationSeconds, startedAt, updatedAt, errorCode} = recording;
  const uri = `${parentUri}/Recordings/${sid}`;
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
    error_code: errorCode,
    encryption_details: null,
    media_url: recordings.url(recording),
    date_created: rfc2822(startedAt),
    date_updated: rfc2822(updatedAt),
    uri: `${uri}.json`,
    subresource_uris: {
      add_on_results: `${uri}/AddOnResults.json`,
      transcriptions: `${uri}/Transcriptions.json`,
    },
  };
}
