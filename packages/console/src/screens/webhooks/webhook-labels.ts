/** Labels for webhooks, and the meaning of their fields. Pure. */
import {type ProviderStatus, providerStatuses, type WebhookRecord} from '@hookswitch/protocol';
import {maskNumber} from '../../design/mask-number.ts';
import {visibleText} from '../../design/visible-text.ts';

export const outcomeLabels: Readonly<Record<WebhookRecord['outcome'], string>> = {
  accepted: 'Accepted',
  refused: 'Refused',
  failed: 'Failed',
};

/** The response, and its consequence if the webhook was not stored. */
export function answerLabels({outcome, httpStatus}: Pick<WebhookRecord, 'outcome' | 'httpStatus'>): string {
  if (outcome === 'failed') return `${httpStatus}: not stored, Twilio will retry`;
  return String(httpStatus);
}

/** A short description: the event, or the reason for the refusal. */
export function subjectOf({outcome, route, reason}: WebhookRecord): string {
  if (outcome !== 'accepted') return visibleText(reason ?? 'no reason given', 120);
  return route === 'voice' ? 'requests TwiML' : 'status';
}

/** `CAf0…0c01`: enough to tell calls apart in a narrow list. */
export function shortSid(callSid: string): string {
  return callSid.length > 12 ? `${callSid.slice(0, 4)}…${callSid.slice(-5)}` : visibleText(callSid, 40);
}

/** Numbers within a URL, with a plus sign or its encoding. */
const NUMBER_IN_TEXT = /(?:\+|%2b)\d{7,15}(?!\d)/gi;

/** Masks the numbers in a text such as a URL. */
export function maskedText(text: string): string {
  return text.replace(NUMBER_IN_TEXT, (number) => maskNumber(number.replace(/^%2b/i, '+')));
}

/** Whether {@link maskedText} would mask anything. */
export function holdsNumber(text: string): boolean {
  return text.search(NUMBER_IN_TEXT) !== -1;
}

/** Fields with a number or a name of a caller, in any format. */
const NUMBER_FIELDS = new Set([
  'From',
  'To',
  'Caller',
  'Called',
  'ForwardedFrom',
  'OutgoingCallerId',
  'CallerName',
  'StirPassportToken',
]);

/** Whether a field is masked. */
export function isPrivate(name: string, value: string): boolean {
  if (value === '') return false;
  return NUMBER_FIELDS.has(name) || /^\+\d{6,15}$/.test(value) || /^(?:client|sips?):/i.test(value);
}

/** The meaning of a field. */
export type Meaning =
  | {readonly kind: 'call'; readonly callSid: string}
  | {readonly kind: 'status'; readonly status: ProviderStatus}
  | {readonly kind: 'time'; readonly at: string}
  | {readonly kind: 'seconds'; readonly seconds: number}
  | {readonly kind: 'words'; readonly words: string};

/**
 * The meaning of a field of a status callback or voice webhook; `undefined` if the gateway only stores it.
 */
export function meaningOf(name: string, value: string): Meaning | undefined {
  switch (name) {
    case 'CallSid':
    case 'ParentCallSid':
      return /^CA[0-9a-f]{32}$/i.test(value) ? {kind: 'call', callSid: value} : undefined;
    case 'CallStatus': {
      const status = providerStatuses.find((each) => each === value);
      return status === undefined ? undefined : {kind: 'status', status};
    }
    case 'Timestamp': {
      const ms = Date.parse(value);
      return Number.isNaN(ms) ? undefined : {kind: 'time', at: new Date(ms).toISOString()};
    }
    case 'CallDuration':
    case 'DialCallDuration':
      return /^\d{1,9}$/.test(value) ? {kind: 'seconds', seconds: Number(value)} : undefined;
    case 'SequenceNumber':
      return /^\d{1,9}$/.test(value)
        ? {kind: 'words', words: `callback ${Number(value) + 1} of the call`}
        : undefined;
    case 'Direction': {
      const words = directionLabels.get(value);
      return words === undefined ? undefined : {kind: 'words', words};
    }
    case 'AnsweredBy':
      return {kind: 'words', words: visibleText(value.replaceAll('_', ' '), 40)};
    default:
      return undefined;
  }
}

/** A map, because a value from a stranger may equal a property name that every object has. */
const directionLabels: ReadonlyMap<string, string> = new Map([
  ['inbound', 'inbound call'],
  ['outbound-api', 'placed through the API'],
  ['outbound-dial', 'dialed leg'],
]);

/** Whether a setting is an environment variable or a field of the Twilio console. */
export function isVariable(name: string): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(name);
}
