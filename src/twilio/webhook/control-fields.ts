/**
 * The control fields of a webhook: those that decide which call an event is about, and what becomes of it. Each has to occur
 * once and to have its exact shape. One that has not is dropped, because the rest of the event is still true without it.
 *
 * `From` and `To` decide nothing: any text is shown as it came.
 */
import {type CallDirection, type ProviderStatus, providerStatuses} from '@hookswitch/protocol';
import type {FormField} from './form.ts';
import {parseTimestamp} from './timestamp.ts';

/** The values of the control fields, and the two parties; absent where a field is missing, repeated or of another shape. */
export interface ControlFields {
  readonly accountSid?: string;
  readonly callSid?: string;
  readonly parentCallSid?: string;
  readonly providerStatus?: ProviderStatus;
  /** `SequenceNumber`. */
  readonly sequence?: number;
  /** Milliseconds since 1970. */
  readonly timestamp?: number;
  /** `CallDuration`, seconds. Its neighbor `Duration` is billed minutes. */
  readonly duration?: number;
  readonly direction?: CallDirection;
  readonly answeredBy?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Longest text of a party that is kept on the call, in UTF-16 code units; the evidence has all of it. */
const MAX_PARTY_LENGTH = 2048;

export const CALL_SID = /^CA[0-9a-fA-F]{32}$/;
const ACCOUNT_SID = /^AC[0-9a-fA-F]{32}$/;
const DIGITS = /^\d{1,9}$/;
const ANSWERED_BY = /^[a-z_]{1,32}$/;

const directions: ReadonlySet<string> = new Set<CallDirection>([
  ...(['inbound', 'outbound-api', 'outbound-dial', 'trunking-terminating', 'trunking-originating'] as const),
]);
const statuses: ReadonlySet<string> = new Set(providerStatuses);

const controlNames: ReadonlySet<string> = new Set(
  (
    'AccountSid AnsweredBy CallDuration CallSid CallStatus CallbackSource Direction From ParentCallSid ' +
    'SequenceNumber Timestamp To'
  ).split(' '),
);

/** The control fields by name; `undefined` for a name that occurs more than once. */
export type ControlValues = ReadonlyMap<string, string | undefined>;

export function controlValues(fields: readonly FormField[]): ControlValues {
  const values = new Map<string, string | undefined>();
  for (const [name, value] of fields) {
    if (!controlNames.has(name)) continue;
    values.set(name, values.has(name) ? undefined : value);
  }
  return values;
}

type Writable<T> = {-readonly [Key in keyof T]: T[Key]};

/** No key for what nobody said, so that an event is the same before and after it was written as JSON. */
export function readControlFields(values: ControlValues): ControlFields {
  const read: Writable<ControlFields> = {};
  const accountSid = shaped(values.get('AccountSid'), ACCOUNT_SID);
  if (accountSid !== undefined) read.accountSid = accountSid;
  const callSid = shaped(values.get('CallSid'), CALL_SID);
  if (callSid !== undefined) read.callSid = callSid;
  const parentCallSid = shaped(values.get('ParentCallSid'), CALL_SID);
  if (parentCallSid !== undefined && parentCallSid !== callSid) read.parentCallSid = parentCallSid;
  const status = values.get('CallStatus');
  if (isProviderStatus(status)) read.providerStatus = status;
  const sequence = shaped(values.get('SequenceNumber'), DIGITS);
  if (sequence !== undefined) read.sequence = Number(sequence);
  const timestamp = parseTimestamp(values.get('Timestamp') ?? '');
  if (timestamp !== undefined) read.timestamp = timestamp;
  const duration = shaped(values.get('CallDuration'), DIGITS);
  if (duration !== undefined) read.duration = Number(duration);
  const direction = values.get('Direction');
  if (isDirection(direction)) read.direction = direction;
  const answeredBy = shaped(values.get('AnsweredBy'), ANSWERED_BY);
  if (answeredBy !== undefined) read.answeredBy = answeredBy;
  const from = toParty(values.get('From'), FROM_WITH_NEXT);
  if (from !== undefined) read.from = from;
  const to = toParty(values.get('To'), TO_WITH_NEXT);
  if (to !== undefined) read.to = to;
  return read;
}

function shaped(value: string | undefined, shape: RegExp): string | undefined {
  return value !== undefined && shape.test(value) ? value : undefined;
}

function isProviderStatus(text: string | undefined): text is ProviderStatus {
  return text !== undefined && statuses.has(text);
}

function isDirection(text: string | undefined): text is CallDirection {
  return text !== undefined && directions.has(text);
}

/** The field that Twilio signs behind a party, run together with it: somebody has moved the boundary between the two. */
const FROM_WITH_NEXT = /From(?:City|Country|State|Zip)/;
const TO_WITH_NEXT = /To(?:City|Country|State|Zip)/;

/** As it came, but for characters that no display and no database takes, and for its length. */
function toParty(value: string | undefined, withNext: RegExp): string | undefined {
  if (value === undefined || withNext.test(value)) return undefined;
  const plain = /\p{Cc}/u.test(value) ? value.replaceAll(/\p{Cc}/gu, '\ufffd') : value;
  return plain.length > MAX_PARTY_LENGTH ? `${plain.slice(0, MAX_PARTY_LENGTH).toWellFormed()}…` : plain;
}
