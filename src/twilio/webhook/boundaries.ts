/**
 * Checks whether the field boundaries of a signed webhook can be trusted.
 *
 * A signature proves that Twilio signed this URL and these characters. It does not prove where a field ends,
 * because it covers `name1value1name2value2…`, sorted by name, without delimiters. Anyone with a signed
 * request can send it again with other boundaries: `CallStatus=ringing&Called=…` as
 * `CallStatusringingCalled=…`, as long as the names still sort into the same text. Twilio's own requests must
 * never be refused for the content of a field. So the check uses the text itself, which no splice can change:
 *
 * - **Which call.** A splice that turns an event of one call into an event of another has to hide the real
 *   `CallSid` and its value in another field. Both are still in the text. So every `CallSidCA…` of another
 *   call in the text must be its own field, such as `ParentCallSid`. If one is not, there are two readings
 *   with different calls, and the call cannot be identified.
 * - **Which state.** `CallStatus` sorts directly after `CallSid`. If the boundary before it is right, a
 *   splice can only make the status unreadable, which is visible.
 * - **Fields of every status callback.** If such a field is missing but its text is present, the field was
 *   hidden.
 *
 * A splice that passes can move the boundary between two texts, hide an optional field (a number, a time) or
 * cut off our reference. None of these determines the call, its state or the account: those come from Twilio,
 * in this request. Only details are lost. An event without its sequence number is judged by rank, which never
 * goes back (J4).
 */
import {providerStatuses} from '@hookswitch/protocol';
import {CALL_SID, type ControlFields, type ControlValues} from './control-fields.ts';
import type {FormField} from './form.ts';

/**
 * A call SID after its field name, where a field may end: the genuine one is followed by nothing or by a name
 * that sorts after `CallSid`. A lookahead, because the next match can begin with the last characters of this
 * one (`…CallSidCA…`, and `Ca` is hex).
 */
const NAMED_CALL = /CallSid(?=(CA[0-9a-fA-F]{32})(?:[^\0-B]|$))/g;

const known = providerStatuses.join('|');
const HIDDEN_STATUS = new RegExp(`CallStatus(?:${known})`);
const STATUS_WITH_NEXT = new RegExp(`^(?:${known})[A-Z]`);

/** Fields of every status callback, and their text. */
const ofEveryCallback: readonly (readonly [name: string, hidden: RegExp])[] = [
  ['Direction', /Direction(?:inbound|outbound-|trunking-)/],
  ['SequenceNumber', /SequenceNumber\d/],
  ['Timestamp', /Timestamp(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),/],
];
const HIDDEN_DURATION = /CallDuration\d/;

export interface SignedFields {
  readonly fields: readonly FormField[];
  readonly values: ControlValues;
  readonly control: ControlFields;
  /** The signed text of the fields: see `signedText`. */
  readonly text: string;
}

/** The fault of the boundaries; `undefined` if they lead to the same decision as Twilio's own boundaries. */
export function boundaryFault({fields, values, control, text}: SignedFields): string | undefined {
  if (namesAnotherCall(fields, control.callSid, text)) return 'the text that is signed names two calls';
  if (control.providerStatus === undefined && hidesStatus(fields, text))
    return 'CallStatus within another field';
  if (values.get('CallbackSource') !== 'call-progress-events') return undefined;
  for (const [name, hidden] of ofEveryCallback)
    if (!values.has(name) && hidden.test(text)) return `${name} within another field`;
  const lacksDuration = control.providerStatus === 'completed' && !values.has('CallDuration');
  return lacksDuration && HIDDEN_DURATION.test(text) ? 'CallDuration within another field' : undefined;
}

/** Whether the text names another call outside its own field. */
function namesAnotherCall(fields: readonly FormField[], callSid: string | undefined, text: string): boolean {
  let others: Map<string, number> | undefined;
  for (const [, sid = ''] of text.matchAll(NAMED_CALL)) {
    if (sid === callSid) continue;
    others ??= new Map();
    others.set(sid, (others.get(sid) ?? 0) + 1);
  }
  if (others === undefined) return false;
  // Equal fields are signed once, even if they occur twice.
  const distinct = new Map(
    fields.filter((field) => namesACall(field, text)).map(([name, value]) => [`${name}=${value}`, value]),
  );
  for (const sid of distinct.values()) others.set(sid, (others.get(sid) ?? 0) - 1);
  return [...others.values()].some((unexplained) => unexplained > 0);
}

/**
 * Whether this field names another call and is among the matches of {@link NAMED_CALL}. The genuine `CallSid`
 * is followed by `CallStatus`. A field name that hides the genuine `CallSid` must sort between the two.
 */
function namesACall([name, value]: FormField, text: string): boolean {
  if (!name.endsWith('CallSid') || !CALL_SID.test(value)) return false;
  if (name < 'CallSid')
    return /^(?:[^\0-B]|$)/.test(text.slice(text.indexOf(name + value) + name.length + value.length));
  return name > 'CallStatus\uffff';
}

/** Whether the status is unreadable although a readable one is in the text. */
function hidesStatus(fields: readonly FormField[], text: string): boolean {
  const [status, ...more] = fields.filter(([name]) => name === 'CallStatus').map(([, value]) => value);
  if (status === undefined) return HIDDEN_STATUS.test(text);
  // Two equal values are signed once, so the second is not from Twilio. Two different values both are.
  if (more.length > 0) return more.every((value) => value === status);
  return STATUS_WITH_NEXT.test(status);
}
