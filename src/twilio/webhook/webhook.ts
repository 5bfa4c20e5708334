/**
 * From a request to `/twilio/status` or `/twilio/voice` to something the journal may believe. Pure: no I/O, no clock.
 *
 * A signature says that Twilio signed this URL and these characters; it does not say where one field ends and the
 * next begins, for it covers `name1value1name2value2…` without delimiters. Whoever got hold of one signed request
 * could move the boundaries: `CallStatus=ringing&Called=…` may come back as `CallStatusringingCalled=…`, as long as
 * the names still sort into the same text. Therefore, after the signature:
 *
 * - every name once, in query and body together, in an alphabet that values rarely keep to; the query is ours or
 *   the user's own, so that none of Twilio's fields may be in it, and our `ref` has a shape and a length;
 * - the fields that decide something have shapes that end them: one character more or less is refused, and
 *   AccountSid, CallSid and CallStatus must be there;
 * - no other field may contain one of them with its value (`CallStatusringing` inside of FromCity): that is where
 *   a deciding field goes when another shall take its place, say one planted in a SIP caller's display name.
 *
 * What no check can see: a boundary between two free texts (`FromCity=&FromCountry=US` as
 * `FromCity=FromCountryUS`), an optional field that disappears into a name which starts before it (`FromZip=SW1A`,
 * `SequenceNumber=3` as `FromZip=`, `SW1ASequenceNumber=3`), and a body field `?ref` of somebody who knows a
 * reference, which nobody but Twilio and we do. None changes which call it is, what state it is in or whose account:
 * those were said by Twilio, in this request. What is lost is detail (a city, a number, a time), and what comes again
 * without its number is judged by rank, which only goes forward (J4); after the genuine request it is a repetition (J2).
 */
import {hash} from 'node:crypto';
import {type CallDirection, type ProviderStatus, providerStatuses} from '@hookswitch/protocol';
import type {StatusEvent} from '../../journal/call-event.ts';
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

/** The fields of a webhook that passed: each name once, none of them `__proto__`. */
export type WebhookFields = Readonly<Record<string, string>>;

export interface AuthenticWebhook {
  readonly kind: 'authentic';
  readonly fields: WebhookFields;
  /** What of the fields is signed: see `signedText`. */
  readonly text: string;
  /** Twilio's Timestamp, milliseconds since 1970. */
  readonly timestamp?: number;
  readonly reference?: string;
}

export type WebhookResult =
  | AuthenticWebhook
  /** 403; the reason is for the log, not for the sender. */
  | {readonly kind: 'forbidden'; readonly reason: string}
  /** 400: signed with one of our tokens, and yet not to be believed. */
  | {readonly kind: 'malformed'; readonly reason: string};

const NAME = /^[A-Za-z0-9_-]{1,128}$/;
const REFERENCE = /^[A-Za-z0-9_-]{16,64}$/;
const REQUIRED = ['AccountSid', 'CallSid', 'CallStatus'] as const;

const sid = (prefix: string) => new RegExp(`^${prefix}[0-9a-fA-F]{32}$`);
const digits = /^\d{1,9}$/;
const status = new RegExp(`^(?:${providerStatuses.join('|')})$`);
const direction = /^(?:inbound|outbound-api|outbound-dial|trunking-terminating|trunking-originating)$/;

/** A number that starts like one stays one: `+14155551234FromCity…` is two fields. Others (`anonymous`) are text. */
const party = /^(?:\+\d{1,20}|(?!\+\d)\P{Cc}{0,256})$/u;

/** Of a field that says nothing by being empty, as Twilio's geographic fields often are. */
const orEmpty = (shape: RegExp) => new RegExp(`^$|${shape.source}`);

/** Fields that decide something, and the shapes that end them. */
const shapes: ReadonlyMap<string, RegExp> = new Map([
  ['AccountSid', sid('AC')],
  ['AnsweredBy', orEmpty(/^[a-z_]{1,32}$/)],
  ['ApiVersion', /^\d{4}-\d{2}-\d{2}$/],
  ['ApplicationSid', orEmpty(sid('AP'))],
  ['CallDuration', digits],
  ['CallSid', sid('CA')],
  ['CallStatus', status],
  ['CallbackSource', /^[a-z-]{1,64}$/],
  ['Called', party],
  ['Caller', party],
  ['DialCallDuration', digits],
  ['DialCallSid', orEmpty(sid('CA'))],
  ['DialCallStatus', /^(?:completed|answered|busy|no-answer|failed|canceled)$/],
  ['Direction', direction],
  ['Duration', digits],
  ['From', party],
  ['ParentCallSid', orEmpty(sid('CA'))],
  ['RecordingSid', orEmpty(sid('RE'))],
  ['SequenceNumber', digits],
  ['To', party],
]);

/**
 * A deciding field run together with its value, where a field's text should be. A caller who plants such text in a
 * name of his own gets his own call refused, and nobody else's.
 */
const hidden =
  /AccountSidAC[0-9a-fA-F]{32}|CallSidCA[0-9a-fA-F]{32}|CallStatus(?:queued|initiated|ringing|in-progress|completed|busy|failed|no-answer|canceled)|ApiVersion\d{4}-\d{2}-\d{2}|SequenceNumber\d|CallDuration\d|Timestamp(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),|CallbackSourcecall-|Direction(?:inbound|outbound-|trunking-)/;
const hiddenAtStart = new RegExp(`^(?:${hidden.source})`);
const everyHidden = new RegExp(hidden.source, 'g');
/** Names that `hidden` has in it. Their shapes leave room for it once. */
const hideable: ReadonlySet<string> = new Set([
  ...['AccountSid', 'ApiVersion', 'CallDuration', 'CallSid', 'CallStatus', 'CallbackSource', 'Direction'],
  ...['SequenceNumber', 'Timestamp', 'DialCallDuration', 'DialCallSid', 'DialCallStatus', 'ParentCallSid'],
]);

/**
 * Decides whether Twilio sent this, for exactly `publicUrl` + `pathAndQuery`, about our account. Nothing about a
 * request's shape is told before its signature has been found good.
 */
export function authenticateWebhook(request: WebhookRequest): WebhookResult {
  const form = parseForm(request.body);
  // What has no one reading cannot have been signed by somebody who meant one.
  if (form.kind === 'malformed') return {kind: 'forbidden', reason: `unreadable body: ${form.reason}`};
  const text = signedText(form.fields);
  const signed = verifySignature({
    signature: request.signatureHeader,
    authTokens: request.authTokens,
    urls: signatureUrls(request.publicUrl, request.pathAndQuery),
    text,
  });
  if (!signed)
    return {
      kind: 'forbidden',
      reason: request.signatureHeader === undefined ? 'no signature' : 'wrong signature',
    };
  return inspect(request, form.fields, text);
}

function inspect(
  {pathAndQuery, accountSid}: WebhookRequest,
  pairs: readonly FormField[],
  text: string,
): WebhookResult {
  const fields: Record<string, string> = {};
  for (const [name, value] of pairs) {
    const fault = Object.hasOwn(fields, name) ? 'a repeated name' : shapeFault(name, value);
    if (fault !== undefined) return malformed(fault);
    fields[name] = value;
  }
  const query = parseQuery(pathAndQuery);
  if (query === undefined) return malformed('a query that is not one of plain names and values');
  for (const [name, value] of query) {
    const fault = Object.hasOwn(fields, name) ? 'a name in query and body' : queryFault(name, value);
    if (fault !== undefined) return malformed(fault);
  }
  if (mayHide(pairs, text) && pairs.some(([name, value]) => hides(name, value)))
    return malformed('a field within the name or value of another');
  const missing = REQUIRED.find((name) => fields[name] === undefined);
  if (missing !== undefined) return malformed(`no ${missing}`);
  if (fields['AccountSid'] !== accountSid) return malformed('another AccountSid');
  const stamp = fields['Timestamp'];
  const timestamp = stamp === undefined ? undefined : parseTimestamp(stamp);
  if (stamp !== undefined && timestamp === undefined) return malformed('Timestamp has the wrong shape');
  const reference = query.get('ref');
  return {
    kind: 'authentic',
    fields,
    text,
    ...(timestamp === undefined ? {} : {timestamp}),
    ...(reference === undefined ? {} : {reference}),
  };
}

/** The query's parameters, each name once, values as they were sent; `undefined` where it has another form. */
function parseQuery(pathAndQuery: string): ReadonlyMap<string, string> | undefined {
  const mark = pathAndQuery.indexOf('?');
  const pairs = mark === -1 ? [] : pathAndQuery.slice(mark + 1).split('&');
  const query = new Map<string, string>();
  for (const pair of pairs) {
    const [name, value, more] = pair.split('=');
    if (name === undefined || value === undefined || more !== undefined || query.has(name)) return undefined;
    query.set(name, value);
  }
  return query;
}

function queryFault(name: string, value: string): string | undefined {
  if (name === 'ref') return REFERENCE.test(value) ? undefined : '`ref` has the wrong shape';
  if (name === 'Timestamp' || shapes.has(name)) return "one of Twilio's fields in the query";
  return (
    shapeFault(name, value) ?? (hides(name, value) ? 'a field within a parameter of the query' : undefined)
  );
}

/** What is wrong with a field by itself; never its value, and of a name nothing that is not known to be one. */
function shapeFault(name: string, value: string): string | undefined {
  const shape = shapes.get(name);
  if (shape === undefined)
    return NAME.test(name) && name !== '__proto__' ? undefined : 'a name outside [A-Za-z0-9_-]';
  return shape.test(value) ? undefined : `${name} has the wrong shape`;
}

/**
 * Whether a deciding field may be hidden within another: one search through all the fields run together instead of three in each
 * of them. There, what `hidden` describes is found once for each deciding field that is genuine, and once more for each that
 * hides. A value and the name behind it can look like one together, too; that one can take the first letter of another with
 * it (the end of a sid, `A` or `C`), and is counted in its place. So there are never fewer than the genuine and the hidden
 * together: `false` is certain, and `true` means to look at each field.
 */
function mayHide(pairs: readonly FormField[], text: string): boolean {
  let genuine = 0;
  for (const [name, value] of pairs) if (hideable.has(name) && hidden.test(name + value)) genuine += 1;
  let found = 0;
  everyHidden.lastIndex = 0;
  // Not `match`, which makes a string of each.
  while (everyHidden.test(text)) found += 1;
  return found !== genuine;
}

/** Whether another field is within this one's name or value, or begins with its name and goes on in its value. */
function hides(name: string, value: string): boolean {
  // A time is read once, with all that its shape says: where the fields are known to be sound.
  if (name === 'Timestamp') return false;
  if (hidden.test(value)) return true;
  return !shapes.has(name) && (hidden.test(name) || hiddenAtStart.test(name + value));
}

export interface StatusEventSource extends Omit<AuthenticWebhook, 'kind'> {
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly route: 'status' | 'voice';
}

/** An authentic webhook as an event for the journal. */
export function toStatusEvent(source: StatusEventSource): StatusEvent {
  const {fields, text, timestamp, reference, receivedAt, route} = source;
  const callSid = fields['CallSid'];
  const providerStatus = fields['CallStatus'];
  if (callSid === undefined || !isProviderStatus(providerStatus))
    throw new TypeError('These fields were not authenticated: CallSid or CallStatus is missing.');
  const event: Writable<StatusEvent> = {
    kind: 'status',
    source: 'callback',
    callSid,
    providerStatus,
    dedupeKey: dedupeKey(text, reference, route),
    happenedAt: timestamp ?? receivedAt,
    receivedAt,
  };
  // No key for what nobody said, so that the event is the same before and after it was written as JSON.
  const sequence = toNumber(fields['SequenceNumber']);
  if (sequence !== undefined) event.sequence = sequence;
  const direction = fields['Direction'] as CallDirection | undefined;
  if (direction !== undefined) event.direction = direction;
  const from = fields['From'];
  if (from !== undefined) event.from = from;
  const to = fields['To'];
  if (to !== undefined) event.to = to;
  const parentCallSid = fields['ParentCallSid'];
  if (parentCallSid) event.parentCallSid = parentCallSid;
  const answeredBy = fields['AnsweredBy'];
  if (answeredBy) event.answeredBy = answeredBy;
  // `Duration`, its neighbour, is billed minutes.
  const duration = toNumber(fields['CallDuration']);
  if (duration !== undefined) event.duration = duration;
  if (reference !== undefined) event.reference = reference;
  event.parameters = fields;
  return event;
}

type Writable<T> = {-readonly [Key in keyof T]: T[Key]};

function isProviderStatus(text: string | undefined): text is ProviderStatus {
  return providerStatuses.some((known) => known === text);
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

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIMESTAMP =
  /^([A-Z][a-z]{2}), (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) \+0000$/;

/** What was read last: a second has many callbacks, and they are all told the same time. */
const last: {text: string; time: number | undefined} = {text: '', time: undefined};

/** RFC 2822 in UTC, as Twilio writes it (`Sun, 25 Mar 2018 09:53:19 +0000`), in milliseconds since 1970. */
function parseTimestamp(text: string): number | undefined {
  if (text !== last.text) {
    last.text = text;
    last.time = readTimestamp(text);
  }
  return last.time;
}

function readTimestamp(text: string): number | undefined {
  const shape = TIMESTAMP.exec(text);
  if (shape === null) return undefined;
  const day = Number(shape[2]);
  const month = MONTHS.indexOf(shape[3] ?? '');
  const date = new Date(0);
  // Not `Date.UTC`, to which the year 26 is 1926.
  date.setUTCFullYear(Number(shape[4]), month, day);
  // The 31st of February is the 3rd of March, and -1 the month before January; and no other day has its weekday.
  const isReal =
    month !== -1 && date.getUTCDate() === day && DAYS[date.getUTCDay()] === shape[1] && day !== 0;
  return isReal ? date.setUTCHours(Number(shape[5]), Number(shape[6]), Number(shape[7])) : undefined;
}

function toNumber(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}

function malformed(reason: string): WebhookResult {
  return {kind: 'malformed', reason};
}
