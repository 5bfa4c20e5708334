/**
 * Whether a signed webhook's field boundaries can be believed.
 *
 * A signature says that Twilio signed this URL and these characters. It does not say where a field ends: it covers
 * `name1value1name2value2…`, sorted by name, without delimiters. A person who has a signed request can send it again with
 * other boundaries: `CallStatus=ringing&Called=…` as `CallStatusringingCalled=…`, as long as the names still sort into the
 * same text. Twilio's own requests are never refused for what a field holds, so what has to be looked at is the text, which
 * no splice can change:
 *
 * - **Which call.** A splice that makes an event of one call an event of another has to hide the real `CallSid` and its value in
 *   some other field. Both are in the text all the same. So every `CallSidCA…` of another call in the text has to be a
 *   field of its own, such as `ParentCallSid`. Where one is not, there are two readings with different calls, and the
 *   call cannot be identified.
 * - **Which state.** `CallStatus` sorts directly behind `CallSid`. Once that one stands where it belongs, the only thing that a
 *   splice can do is make the status unreadable, and that shows.
 * - **Fields that every status callback has.** Where one of them is missing and stands in the text all the same, it was hidden.
 *
 * A splice that passes can move the boundary between two texts, hide a field that is optional (a number, a time), or
 * cut off our reference. None of them says which call it is, what state it is in, or whose account: those were said by
 * Twilio, in this request. Only detail is lost, and an event without its number is judged by rank, which
 * only goes forward (J4).
 */
import {providerStatuses} from '@hookswitch/protocol';
import {CALL_SID, type ControlFields, type ControlValues} from './control-fields.ts';
import type {FormField} from './form.ts';

/**
 * A call sid behind its name, where a field may end: behind the genuine one stands nothing, or a name that sorts behind
 * `CallSid`. A lookahead, because the next one can begin with the last characters of this one (`…CallSidCA…`, and `Ca` is hex).
 */
const NAMED_CALL = /CallSid(?=(CA[0-9a-fA-F]{32})(?:[^\0-B]|$))/g;

const known = providerStatuses.join('|');
const HIDDEN_STATUS = new RegExp(`CallStatus(?:${known})`);
const STATUS_WITH_NEXT = new RegExp(`^(?:${known})[A-Z]`);

/** Fields that each status callback of a call has, as they stand in the text. */
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

/** The fault of the boundaries; `undefined` where they decide the same as Twilio's own. */
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

/** Whether another call is named in the text, and not by a field of its own. */
function namesAnotherCall(fields: readonly FormField[], callSid: string | undefined, text: string): boolean {
  let others: Map<string, number> | undefined;
  for (const [, sid = ''] of text.matchAll(NAMED_CALL)) {
    if (sid === callSid) continue;
    others ??= new Map();
    others.set(sid, (others.get(sid) ?? 0) + 1);
  }
  if (others === undefined) return false;
  // Signed once where it occurs twice.
  const distinct = new Map(
    fields.filter((field) => namesACall(field, text)).map(([name, value]) => [`${name}=${value}`, value]),
  );
  for (const sid of distinct.values()) others.set(sid, (others.get(sid) ?? 0) - 1);
  return [...others.values()].some((unexplained) => unexplained > 0);
}

/**
 * Whether this is a field that names another call, and is among what {@link NAMED_CALL} finds. Behind the genuine `CallSid`
 * stands `CallStatus`: what hides the former in the name of such a field has to sort between the two.
 */
function namesACall([name, value]: FormField, text: string): boolean {
  if (!name.endsWith('CallSid') || !CALL_SID.test(value)) return false;
  if (name < 'CallSid')
    return /^(?:[^\0-B]|$)/.test(text.slice(text.indexOf(name + value) + name.length + value.length));
  return name > 'CallStatus\uffff';
}

/** The status is not readable, and one that is stands in the text. */
function hidesStatus(fields: readonly FormField[], text: string): boolean {
  const [status, ...more] = fields.filter(([name]) => name === 'CallStatus').map(([, value]) => value);
  if (status === undefined) return HIDDEN_STATUS.test(text);
  // Twice with one value is signed once: the second is not Twilio's. With two values, both are.
  if (more.length > 0) return more.every((value) => value === status);
  return STATUS_WITH_NEXT.test(status);
}
