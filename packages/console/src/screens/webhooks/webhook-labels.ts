/** Webhooks in words, and what their fields mean. Pure. */
import {type ProviderStatus, providerStatuses, type WebhookRecord} from '@hookswitch/protocol';
import {maskNumber} from '../../design/mask-number.ts';
import {visibleText} from '../../design/visible-text.ts';

export const outcomeLabels: Readonly<Record<WebhookRecord['outcome'], string>> = {
  accepted: 'Accepted',
  refused: 'Refused',
  failed: 'Failed',
};

/** What an answer means to Twilio. */
export function answerLabels({outcome, httpStatus}: Pick<WebhookRecord, 'outcome' | 'httpStatus'>): string {
  if (outcome === 'failed') return `${httpStatus}: it could not be written, Twilio brings it again`;
  return String(httpStatus);
}

/** What it is about, in a few words: what Twilio said, or why it was refused. */
export function subjectOf({outcome, route, reason}: WebhookRecord): string {
  if (outcome !== 'accepted') return visibleText(reason ?? 'no reason was given', 120);
  return route === 'voice' ? 'asks what to do' : 'status';
}

/** `CAf0…0c01`: enough to tell calls apart in a narrow list. */
export function shortSid(callSid: string): string {
  return callSid.length > 12 ? `${callSid.slice(0, 4)}…${callSid.slice(-5)}` : visibleText(callSid, 40);
}

/** Numbers as they stand in addresses, with their plus sign or what became of it. */
const NUMBER_IN_TEXT = /(?:\+|%2b)\d{7,15}(?!\d)/gi;

/** Text with numbers in it, such as an address: they are masked. */
export function maskedText(text: string): string {
  return text.replace(NUMBER_IN_TEXT, (number) => maskNumber(number.replace(/^%2b/i, '+')));
}

/** Whether there is anything in it that {@link maskedText} hides. */
export function holdsNumber(text: string): boolean {
  return text.search(NUMBER_IN_TEXT) !== -1;
}

/** Fields that hold a number or what a number is called by, whatever it looks like. */
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

/** What a field means to the gateway. */
export type Meaning =
  | {readonly kind: 'call'; readonly callSid: string}
  | {readonly kind: 'status'; readonly status: ProviderStatus}
  | {readonly kind: 'time'; readonly at: string}
  | {readonly kind: 'seconds'; readonly seconds: number}
  | {readonly kind: 'words'; readonly words: string};

/** What is read of a status callback or of the first request of a call; `undefined` for what is only kept. */
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
        ? {kind: 'words', words: `number ${Number(value) + 1} of its call’s callbacks`}
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

/** A map: a stranger's word may be the name of something that every object has. */
const directionLabels: ReadonlyMap<string, string> = new Map([
  ['inbound', 'somebody calls us'],
  ['outbound-api', 'placed over the API'],
  ['outbound-dial', 'a leg that was dialed'],
]);

/** Whether a setting is a variable of the gateway, or a field in the Twilio console. */
export function isVariable(name: string): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(name);
}
