/**
 * Verifies and parses requests to `/twilio/status` and `/twilio/voice`. Pure: no I/O, no clock.
 *
 * A webhook that Twilio signed is never refused for the content of a field, because a refused webhook is a
 * lost event. Only the control fields (`control-fields.ts`) need a format, and a malformed one is dropped. A
 * signed webhook is refused only if its call cannot be identified: `AccountSid` or `CallSid` is missing,
 * repeated or malformed, the account is another one, or the field boundaries allow another reading
 * (`boundaries.ts`).
 */
import {hash} from 'node:crypto';
import type {StatusEvent} from '../../journal/call-event.ts';
import {boundaryFault} from './boundaries.ts';
import {type ControlFields, controlValues, readControlFields} from './control-fields.ts';
import {type FormField, parseForm} from './form.ts';
import {signatureUrls, signedText, verifySignature} from './signature.ts';

export interface WebhookRequest {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** The raw request target below `publicUrl`: neither decoded nor normalized. */
  readonly pathAndQuery: string;
  readonly signatureHeader: string | undefined;
  /** The bytes, or a string with one character for each byte. */
  readonly body: Buffer | string;
  readonly authTokens: readonly string[];
  readonly accountSid: string;
}

/** The fields of a webhook by name, as received. Values of a repeated name keep their order. */
export type WebhookFields = Readonly<Record<string, string | readonly string[]>>;

export interface AuthenticWebhook {
  readonly kind: 'authentic';
  readonly control: ControlFields & {readonly callSid: string};
  readonly fields: WebhookFields;
  /** The signed text of the fields: see `signedText`. */
  readonly text: string;
  /** The reference of the call's intent, if we created the URL. */
  readonly reference?: string;
}

export type WebhookResult =
  | AuthenticWebhook
  /** 403. The reason is for the log and never sent. */
  | {readonly kind: 'forbidden'; readonly reason: string}
  /** 400: signed with one of our tokens, but the call cannot be identified. */
  | {readonly kind: 'malformed'; readonly reason: string};

/** The query of our own URLs: see `newReference`. Any other query belongs to the user and is ignored. */
const OUR_QUERY = /^[^?]*\?ref=([A-Za-z0-9_-]{22})$/;

/**
 * Decides whether Twilio sent this request for exactly `publicUrl` + `pathAndQuery` and our account. Nothing
 * about the format of a request is revealed before its signature has been verified.
 */
export function authenticateWebhook(request: WebhookRequest): WebhookResult {
  const {signatureHeader, pathAndQuery} = request;
  const form = parseForm(request.body);
  if (form.kind === 'malformed') return {kind: 'forbidden', reason: `unreadable body: ${form.reason}`};
  const text = signedText(form.fields);
  const signed = verifySignature({
    signature: signatureHeader,
    authTokens: request.authTokens,
    urls: signatureUrls(request.publicUrl, pathAndQuery),
    text,
  });
  if (!signed)
    return {kind: 'forbidden', reason: signatureHeader === undefined ? 'no signature' : 'wrong signature'};
  return identify(request, form.fields, text);
}

function identify(
  {pathAndQuery, accountSid}: WebhookRequest,
  fields: readonly FormField[],
  text: string,
): WebhookResult {
  const values = controlValues(fields);
  const control = readControlFields(values);
  const {callSid} = control;
  if (control.accountSid === undefined) return malformed('AccountSid is missing or malformed');
  if (control.accountSid !== accountSid) return malformed('another AccountSid');
  if (callSid === undefined) return malformed('CallSid is missing or malformed');
  const fault = boundaryFault({fields, values, control, text});
  if (fault !== undefined) return malformed(fault);
  const reference = OUR_QUERY.exec(pathAndQuery)?.[1];
  return {
    kind: 'authentic',
    control: {...control, callSid},
    fields: byName(fields),
    text,
    ...(reference === undefined ? {} : {reference}),
  };
}

function byName(pairs: readonly FormField[]): WebhookFields {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    if (!Object.hasOwn(fields, name)) {
      // An assignment to `__proto__` would set the prototype.
      if (name === '__proto__') Object.defineProperty(fields, name, {...OWN, value});
      else fields[name] = value;
      continue;
    }
    const earlier = fields[name];
    if (Array.isArray(earlier)) earlier.push(value);
    else Object.defineProperty(fields, name, {...OWN, value: [earlier, value]});
  }
  return fields;
}

const OWN = {enumerable: true, writable: true, configurable: true} as const;

export interface StatusEventSource extends Omit<AuthenticWebhook, 'kind'> {
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly route: 'status' | 'voice';
}

/** Converts an authentic webhook into a journal event. */
export function toStatusEvent({
  control,
  fields,
  text,
  reference,
  receivedAt,
  route,
}: StatusEventSource): StatusEvent {
  const {accountSid: _, timestamp, ...said} = control;
  return {
    kind: 'status',
    source: 'callback',
    ...said,
    dedupeKey: dedupeKey(text, reference, route),
    happenedAt: timestamp ?? receivedAt,
    receivedAt,
    ...(reference === undefined ? {} : {reference}),
    parameters: fields,
  };
}

/**
 * Two requests are one entry (J2) if Twilio signed the same text in both: same route, same reference, same
 * characters. Nothing else may be part of the key. A retry can be signed with the other token, so the
 * signature can change. The idempotency header is unsigned, so a sender could turn one event into many. The
 * time of arrival always differs. Field boundaries do not count either: a signed request with moved
 * boundaries is the existing entry, not a new one.
 */
function dedupeKey(text: string, reference: string | undefined, route: string): string {
  const canonical = `${JSON.stringify([route, reference ?? null])}${text}`;
  return `callback:${hash('sha256', canonical)}`;
}

function malformed(reason: string): WebhookResult {
  return {kind: 'malformed', reason};
}
