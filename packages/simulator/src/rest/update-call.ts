import type {Call} from '../calls/call.ts';
import type {CallSwitch} from '../calls/call-switch.ts';
import {badRequest, notFound} from './api-error.ts';
import {absoluteUrl, integer, method, text} from './form.ts';

export interface UpdateCallContext {
  readonly callSwitch: CallSwitch;
  /** The path of the request, for a 404. */
  readonly path: string;
  /** The error for updating the status of an ended call. Users report both from Twilio. */
  readonly endedUpdate: 'not-found' | 'invalid-state';
}

/** Cancels, ends or redirects a call (Twilio docs: "Update a Call resource"). Throws an ApiError. */
export function updateCall(call: Call, form: URLSearchParams, context: UpdateCallContext): void {
  const url = absoluteUrl(form, 'Url', 21205);
  const twiml = text(form, 'Twiml');
  const status = text(form, 'Status');
  if (url !== null && twiml !== null) throw badRequest(20001, 'Url and Twiml are mutually exclusive');
  if (status !== null && status !== 'canceled' && status !== 'completed') {
    throw badRequest(20001, `Invalid Status: ${status}`);
  }
  if (status !== null) {
    updateStatus(call, status, context);
    return;
  }
  if (url !== null || twiml !== null) redirect(call, form, {url, twiml, callSwitch: context.callSwitch});
  const limit = integer(form, 'TimeLimit', {min: 1, max: 86_400, fallback: 0, code: 20001});
  if (limit > 0 && !call.isOver) context.callSwitch.limit(call, limit);
  // A StatusCallback without a Url changes nothing.
}

function updateStatus(
  call: Call,
  status: 'canceled' | 'completed',
  {callSwitch, path, endedUpdate}: UpdateCallContext,
): void {
  if (call.isOver) {
    throw endedUpdate === 'not-found' ? notFound(path) : badRequest(21220, 'Call is not in-progress.');
  }
  const isInProgress = call.answeredAtMs !== null || call.dialing;
  // A queued call was never dialed, so no callback is sent.
  if (call.status === 'queued') callSwitch.end(call, 'canceled', {silent: true});
  else if (!isInProgress) callSwitch.end(call, 'canceled');
  else if (status === 'completed') callSwitch.end(call, 'completed');
}

function redirect(
  call: Call,
  form: URLSearchParams,
  {url, twiml, callSwitch}: {url: string | null; twiml: string | null; callSwitch: CallSwitch},
): void {
  if (call.isOver || (call.answeredAtMs === null && !call.dialing)) {
    throw badRequest(21220, 'Call is not in-progress. Cannot redirect.');
  }
  const fallbackUrl = absoluteUrl(form, 'FallbackUrl', 21205);
  if (fallbackUrl !== null) call.fallback = {url: fallbackUrl, method: method(form, 'FallbackMethod')};
  const callback = absoluteUrl(form, 'StatusCallback', 21502);
  if (callback !== null && url !== null) {
    const events = call.statusCallback?.events ?? new Set(['completed'] as const);
    call.statusCallback = {url: callback, method: method(form, 'StatusCallbackMethod'), events};
  }
  callSwitch.redirect(
    call,
    url !== null ? {kind: 'url', url, method: method(form, 'Method')} : {kind: 'inline', twiml: twiml ?? ''},
  );
}
