import type {MachineDetection} from '../calls/answering-machine.ts';
import {type CallEvent, type CallOptions, callEvents, type StatusCallback} from '../calls/call.ts';
import type {RecordingEvent, RecordingOptions} from '../calls/recordings.ts';
import type {Logger} from '../log.ts';
import type {TwimlSource} from '../twiml/source.ts';
import {calledAddress, callingAddress} from './addresses.ts';
import {badRequest} from './api-error.ts';
import type {Applications} from './applications.ts';
import {type CallHandling, voiceHandling} from './call-handling.ts';
import {absoluteUrl, choice, flag, integer, method, text} from './form.ts';

/** Maximum length of inline TwiML. Characters. */
const MAX_TWIML = 4000;
/** Four hours. Seconds. */
export const DEFAULT_TIME_LIMIT = 14_400;

export interface CreateCallContext {
  /** Whether the account may call from this number. */
  readonly isOwned: (number: string) => boolean;
  /** Whether the account may call this number. A trial account may call only some numbers. */
  readonly isCallable: (number: string) => boolean;
  readonly applications: Applications;
  readonly log: Logger;
}

/** Parses a create request (Twilio docs: "Create a Call resource"). Throws an ApiError with Twilio's code. */
export function createCallOptions(
  form: URLSearchParams,
  {isOwned, isCallable, applications, log}: CreateCallContext,
): Omit<CallOptions, 'index' | 'scenario' | 'direction'> {
  const to = calledAddress(text(form, 'To') ?? '');
  const from = callingAddress(text(form, 'From') ?? '', to, isOwned);
  if (from === to) {
    throw badRequest(21211, `The phone number you are attempting to call, ${to}, is not valid.`);
  }
  if (to.startsWith('+') && !isCallable(to)) {
    throw badRequest(
      21219,
      `The number ${to} is unverified. Trial accounts may only make calls to verified numbers.`,
    );
  }
  const sendDigits = text(form, 'SendDigits');
  if (sendDigits !== null && !/^[0-9A-D#*wW]{1,32}$/.test(sendDigits)) {
    throw badRequest(21206, `SendDigits is not valid: ${sendDigits}`);
  }
  return {
    to,
    from,
    ...handlingOf(form, applications, log),
    timeoutSeconds: integer(form, 'Timeout', {min: 0, max: 600, fallback: 60, code: 21208}),
    timeLimitSeconds: integer(form, 'TimeLimit', {
      min: 1,
      max: 86_400,
      fallback: DEFAULT_TIME_LIMIT,
      code: 20001,
    }),
    machineDetection: sendDigits === null ? machineDetectionOf(form) : null,
    recording: recordingOf(form),
  };
}

/** The document that answers the call, and its callbacks. An application overrides all other parameters. */
function handlingOf(form: URLSearchParams, applications: Applications, log: Logger): CallHandling {
  const sid = text(form, 'ApplicationSid');
  if (sid !== null) {
    const application = applications.get(sid);
    if (application === null) throw badRequest(21218, `ApplicationSid is not valid: ${sid}`);
    if (application.voiceUrl === '') throw badRequest(21218, `Application ${sid} has no VoiceUrl`);
    return {...voiceHandling(application), applicationSid: sid};
  }
  const fallbackUrl = absoluteUrl(form, 'FallbackUrl', 21205);
  return {
    document: documentOf(form),
    fallback: fallbackUrl === null ? null : {url: fallbackUrl, method: method(form, 'FallbackMethod')},
    statusCallback: statusCallbackOf(form, log),
  };
}

function documentOf(form: URLSearchParams): TwimlSource {
  const url = absoluteUrl(form, 'Url', 21205);
  // On create, Url takes precedence over Twiml. On update, they exclude each other.
  if (url !== null) return {kind: 'url', url, method: method(form, 'Method')};
  const twiml = text(form, 'Twiml');
  if (twiml !== null) {
    if (twiml.length > MAX_TWIML) throw badRequest(20001, `Twiml is longer than ${MAX_TWIML} characters`);
    return {kind: 'inline', twiml};
  }
  throw badRequest(21205, 'Url parameter is required.');
}

/**
 * Parses StatusCallbackEvent, which is repeated for each event. Several events in one value are an invalid
 * event: Twilio still creates the call, but sends no callbacks (21626, only logged).
 */
function statusCallbackOf(form: URLSearchParams, log: Logger): StatusCallback | null {
  const url = absoluteUrl(form, 'StatusCallback', 21502);
  const callbackMethod = method(form, 'StatusCallbackMethod');
  const events = eventsOf(form, log);
  return url === null ? null : {url, method: callbackMethod, events};
}

function eventsOf(form: URLSearchParams, log: Logger): ReadonlySet<CallEvent> {
  const names = form.getAll('StatusCallbackEvent').filter((name) => name !== '');
  for (const name of names) {
    if (callEvents.includes(name as CallEvent)) continue;
    const message = `Invalid StatusCallbackEvent: ${name}`;
    log({level: 'warning', event: 'invalid-parameter', code: 21626, message});
  }
  const wanted = names.length === 0 ? ['completed'] : names;
  return new Set(callEvents.filter((event) => wanted.includes(event)));
}

function machineDetectionOf(form: URLSearchParams): MachineDetection | null {
  const mode = choice(form, 'MachineDetection', ['Enable', 'DetectMessageEnd', 'None'], 'None');
  if (mode === 'None') return null;
  const url = absoluteUrl(form, 'AsyncAmdStatusCallback', 21502);
  return {
    mode,
    timeoutSeconds: integer(form, 'MachineDetectionTimeout', {min: 3, max: 120, fallback: 30, code: 21207}),
    async: flag(form, 'AsyncAmd'),
    callback: url === null ? null : {url, method: method(form, 'AsyncAmdStatusCallbackMethod')},
  };
}

function recordingOf(form: URLSearchParams): RecordingOptions | null {
  return flag(form, 'Record') ? recordingOptions(form, 'OutboundAPI') : null;
}

/**
 * Parses RecordingStatusCallback and related parameters, for a create request and the Recordings subresource.
 */
export function recordingOptions(
  form: URLSearchParams,
  source: 'OutboundAPI' | 'StartCallRecordingAPI',
): RecordingOptions {
  const url = absoluteUrl(form, 'RecordingStatusCallback', 21502);
  const callbackMethod = method(form, 'RecordingStatusCallbackMethod');
  // Unlike StatusCallbackEvent, this parameter is documented as separated by spaces. The SDK repeats the key.
  const names = form.getAll('RecordingStatusCallbackEvent').flatMap((value) => value.split(/\s+/));
  const events = new Set((names.length === 0 ? ['completed'] : names) as RecordingEvent[]);
  return {
    source,
    channels: text(form, 'RecordingChannels') === 'dual' ? 2 : 1,
    track: choice(form, 'RecordingTrack', ['inbound', 'outbound', 'both'], 'both'),
    callback: url === null ? null : {url, method: callbackMethod, events},
  };
}
