/**
 * The control fields of a webhook: they determine the call of an event and its effect. Each must occur once
 * and have its exact format. Otherwise the field is dropped, because the rest of the event is still true
 * without it.
 *
 * `From` and `To` have no effect, so any text is shown as received.
 */
import {type CallDirection, type ProviderStatus, providerStatuses} from '@hookswitch/protocol';
import type {FormField} from './form.ts';
import {parseTimestamp} from './timestamp.ts';

/** The control fields and the two parties. A field that is missing, repeated or malformed is absent. */
export interface ControlFields {
  readonly accountSid?: string;
  readonly callSid?: string;
  readonly parentCallSid?: string;
  readonly providerStatus?: ProviderStatus;
  /** `SequenceNumber`. */
  readonly sequence?: number;
  /** Milliseconds since 1970. */
  readonly timestamp?: number;
  /** `CallDuration` in seconds. The similar field `Duration` contains billed minutes. */
  readonly duration?: number;
  readonly direction?: CallDirection;
  readonly answeredBy?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Maximum length of a party on the call, in UTF-16 code units. The evidence contains the full text. */
const MAX_PARTY_LENGTH = 2048;

export const CALL_SID = /^CA[0-9a-fA-F]{32}$/;
const ACCOUNT_SID = /^AC[0-9a-fA-F]{32}$/;
const DIGITS = /^\d{1,9}$/;
const ANSWERED_BY = /^[a-z_]{1,32}$/;

const directions: ReadonlySet<string> = new Set<CallDirection>([
  'inbound',
  'outbound-api',
  'outbound-dial',
  'trunking-terminating',
  'trunking-originating',
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

/** Omits absent fields, so that an event is the same before and after it was written as JSON. */
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

/** A party joined with the field that Twilio signs after it, which shows that the boundary was moved. */
const FROM_WITH_NEXT = /From(?:City|Country|State|Zip)/;
const TO_WITH_NEXT = /To(?:City|Country|State|Zip)/;

/** The received text, without control characters and limited in length. */
function toParty(value: string | undefined, withNext: RegExp): string | undefined {
  if (value === undefined || withNext.test(value)) return undefined;
  const plain = /\p{Cc}/u.test(value) ? value.replaceAll(/\p{Cc}/gu, '\ufffd') : value;
  return plain.length > MAX_PARTY_LENGTH ? `${plain.slice(0, MAX_PARTY_LENGTH).toWellFormed()}…` : plain;
}
