/**
 * From a request to `/twilio/status` or `/twilio/voice` to something the journal may believe. Pure: no I/O, no clock.
 *
 * What Twilio has signed is never refused for what it holds, because a refused webhook is a lost event. Only the control
 * fields (`control-fields.ts`) have to have a shape, and one that has not is dropped. A signed webhook is refused only where
 * the call cannot be identified: `AccountSid` and `CallSid` are missing, repeated or of another shape, the account is another,
 * or the boundaries between the fields allow another reading (`boundaries.ts`).
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
  /** The request target below `publicUrl`, raw as received: neither decoded nor normalised. */
  readonly pathAndQuery: string;
  readonly signatureHeader: string | undefined;
  /** Its bytes, or a text with a character for each. */
  readonly body: Buffer | string;
  readonly authTokens: readonly string[];
  readonly accountSid: string;
}

/** The fields of a webhook by name, as they came; the values of a repeated name in their order. */
export type WebhookFields = Readonly<Record<string, string | readonly string[]>>;

export interface AuthenticWebhook {
  readonly kind: 'authentic';
  readonly control: ControlFields & {readonly callSid: string};
  readonly fields: WebhookFields;
  /** What of the fields is signed: see `signedText`. */
  readonly text: string;
  /** Of the call's intent, where the URL is one that we handed out. */
  readonly reference?: string;
}

export type WebhookResult =
  | AuthenticWebhook
  /** 403; the reason is for the log, not for the sender. */
  | {readonly kind: 'forbidden'; readonly reason: string}
  /** 400: signed with one of our tokens, and the call cannot be identified. */
  | {readonly kind: 'malformed'; readonly reason: string};

/** A query as we hand it out: see `newReference`. Any other query is the user's own, and says nothing to us. */
const OUR_QUERY = /^[^?]*\?ref=([A-Za-z0-9_-]{22})$/;

/**
 * Decides whether Twilio sent this, for exactly `publicUrl` + `pathAndQuery`, about our account. Nothing about a
 * request's shape is told before its signature has been found good.
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
  if (control.accountSid === undefined) return malformed('no AccountSid, or not one of its shape');
  if (control.accountSid !== accountSid) return malformed('another AccountSid');
  if (callSid === undefined) return malformed('no CallSid, or not one of its shape');
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
      // Assigning to `__proto__` would set the prototype.
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

/** An authentic webhook as an event for the journal. */
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
 * Two requests are one entry (J2) when Twilio signed the same in both: same route, same reference, same characters.
 * Of the rest of a request nothing may count. The signature changes when the retry of a request is signed with the
 * other token; the idempotency header is not signed, so anyone could make one event many; time of arrival always
 * differs. Neither may boundaries count: a signed request that comes again with others, which no check can see, is
 * the entry that is there, and not one of a thousand new ones.
 */
function dedupeKey(text: string, reference: string | undefined, route: string): string {
  const canonical = `${JSON.stringify([route, reference ?? null])}${text}`;
  return `callback:${hash('sha256', canonical)}`;
}

function malformed(reason: string): WebhookResult {
  return {kind: 'malformed', reason};
}
