/**
 * A Twilio signature covers names and values run together, without their boundaries.
 *
 * Each attack here carries the signature of a genuine request and moves its field boundaries. The official
 * SDK accepts every one of them.
 */
import type {FormField} from '../../src/twilio/webhook/form.ts';
import {
  CALL_SID,
  completedFields,
  PARENT_SID,
  REFERENCE,
  ringingFields,
} from '../support/twilio/twilio-requests.ts';

export type Fields = readonly FormField[];

/** Replaces some of `fields`: names in `gone` are removed, and `added` is appended. */
export function replace(fields: Fields, gone: readonly string[], added: Fields): Fields {
  return [...fields.filter(([name]) => !gone.includes(name)), ...added];
}

/** The signed text from field `first` on. */
function textFrom(fields: Fields, first: string): string {
  return fields
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .filter(([name]) => name >= first)
    .map(([name, value]) => name + value)
    .join('');
}

export const VICTIM = 'CA99999999999999999999999999999999';

/** Text that a caller with control over a free text plants there, in order to hijack the request. */
const planted = `xAnsweredByhumanApiVersion2010-04-01CallSid${VICTIM}CallStatuscompleted`;
const withAddOns = (text: string): Fields => [...ringingFields, ['AddOns', text]];
const plantedFields: Fields = [
  ['AddOns', 'x'],
  ['AnsweredBy', 'human'],
  ['ApiVersion', '2010-04-01'],
  ['CallSid', VICTIM],
  ['CallStatus', 'completed'],
];
const account = ringingFields.filter(([name]) => name === 'AccountSid');
const afterStatus = textFrom(ringingFields, 'CallbackSource').replace('CallbackSource', '');

export interface Attack {
  readonly name: string;
  readonly signed: Fields;
  readonly sent: Fields;
  readonly signedPath?: string;
  readonly sentPath?: string;
}

export const STATUS_PATH = `/twilio/status?ref=${REFERENCE}`;

export const attacks: readonly Attack[] = [
  {
    name: 'CallStatus merged into CallSid',
    signed: ringingFields,
    sent: replace(ringingFields, ['CallSid', 'CallStatus'], [['CallSid', `${CALL_SID}CallStatusringing`]]),
  },
  {
    name: 'CallStatus merged into the name after it',
    signed: ringingFields,
    sent: replace(
      ringingFields,
      ['CallStatus', 'CallbackSource'],
      [['CallStatusringingCallbackSource', 'call-progress-events']],
    ),
  },
  {
    name: 'CallStatus cut short, its end in a new name',
    signed: completedFields,
    sent: replace(
      completedFields,
      ['CallStatus', 'CallbackSource'],
      [['CallStatus', 'completedCallbackSourcecall-progress-events']],
    ),
  },
  {
    name: 'SequenceNumber merged into FromZip',
    signed: ringingFields,
    sent: replace(ringingFields, ['FromZip', 'SequenceNumber'], [['FromZip', '94105SequenceNumber1']]),
  },
  {
    name: 'SequenceNumber merged into the name after it',
    signed: ringingFields,
    sent: replace(
      ringingFields,
      ['SequenceNumber', 'SipResponseCode'],
      [['SequenceNumber1SipResponseCode', '']],
    ),
  },
  {
    name: 'Timestamp merged into SipResponseCode',
    signed: ringingFields,
    sent: replace(
      ringingFields,
      ['SipResponseCode', 'Timestamp'],
      [['SipResponseCode', 'TimestampSun, 25 Mar 2018 09:53:19 +0000']],
    ),
  },
  {
    name: 'Timestamp split into a name',
    signed: ringingFields,
    sent: replace(ringingFields, ['Timestamp'], [['TimestampSun', ', 25 Mar 2018 09:53:19 +0000']]),
  },
  {
    name: 'Direction merged into CallerZip',
    signed: ringingFields,
    sent: replace(ringingFields, ['CallerZip', 'Direction'], [['CallerZip', '94105Directionoutbound-api']]),
  },
  {
    name: 'CallDuration merged into ApiVersion',
    signed: completedFields,
    sent: replace(
      completedFields,
      ['ApiVersion', 'CallDuration'],
      [['ApiVersion', '2010-04-01CallDuration49']],
    ),
  },
  {
    name: 'CallDuration merged into ApplicationSid',
    signed: [...completedFields, ['ApplicationSid', `AP${'0'.repeat(32)}`]],
    sent: replace(
      completedFields,
      ['CallDuration'],
      [['ApplicationSid', `AP${'0'.repeat(32)}CallDuration49`]],
    ),
  },
  {
    name: 'ParentCallSid merged into FromZip: a leg becomes a call',
    signed: completedFields,
    sent: replace(
      completedFields,
      ['FromZip', 'ParentCallSid'],
      [['FromZip', `94105ParentCallSid${PARENT_SID}`]],
    ),
  },
  {
    name: 'AccountSid under no name',
    signed: ringingFields,
    sent: replace(
      ringingFields,
      ['AccountSid'],
      account.map(([name, value]) => ['', name + value]),
    ),
  },
  {
    name: 'everything in one name',
    signed: ringingFields,
    sent: [[textFrom(ringingFields, ''), '']],
  },
  {
    name: 'the same field twice',
    signed: ringingFields,
    sent: [...ringingFields, ['CallSid', CALL_SID]],
  },
  {
    name: 'another call and status split out of free text, the real ones hidden in a value',
    signed: withAddOns(`${planted}Zz`),
    sent: [...account, ...plantedFields, ['Zz', textFrom(ringingFields, 'ApiVersion')]],
  },
  {
    name: 'another call and status split out of free text, the real ones hidden in a name',
    signed: withAddOns(`${planted}Zz`),
    sent: [
      ...account,
      ...plantedFields,
      [`ZzApiVersion2010-04-01CallSid${CALL_SID}CallStatusringingCallbackSource`, afterStatus],
    ],
  },
  {
    name: 'another call and status split out of free text, the real ones hidden across name and value',
    signed: withAddOns(`${planted}Zz`),
    sent: [
      ...account,
      ...plantedFields,
      ['ZzApiVersion2010-04-01CallSid', `${CALL_SID}CallStatusringingCallbackSource${afterStatus}`],
    ],
  },
  {
    name: 'another call split out of free text, with the real status',
    signed: withAddOns(`xAnsweredByhumanApiVersion2010-04-01CallSid${VICTIM}CallSj`),
    sent: [
      ...account,
      ...plantedFields.slice(0, 4),
      ...ringingFields.filter(([name]) => name >= 'CallStatus'),
      ['CallSjApiVersion2010-04-01CallSid', CALL_SID],
    ],
  },
  {
    name: 'AccountSid moved into a long ref',
    signed: ringingFields,
    sent: replace(ringingFields, ['AccountSid'], []),
    sentPath: `${STATUS_PATH}${account.flat().join('')}`,
  },
  {
    name: 'AccountSid moved into a short ref, whose length is valid then',
    signed: ringingFields,
    sent: replace(ringingFields, ['AccountSid'], []),
    signedPath: '/twilio/status?ref=0123456789abcdef',
    sentPath: `/twilio/status?ref=0123456789abcdef${account.flat().join('')}`,
  },
  {
    name: 'the end of ref moved into a name',
    signed: ringingFields,
    sent: replace(
      ringingFields,
      ['AccountSid'],
      account.map(([name, value]) => [`012345${name}`, value]),
    ),
    sentPath: STATUS_PATH.slice(0, -6),
  },
];

/**
 * Splices that cannot or need not be distinguished from a Twilio request. Each says less than what was
 * signed, and nothing else.
 */
export const harmless: readonly Attack[] = [
  {
    name: 'From made longer by FromCity',
    signed: ringingFields,
    sent: replace(ringingFields, ['From', 'FromCity'], [['From', '+16505055892FromCitySAN FRANCISCO']]),
  },
  {
    name: 'To made longer by ToCity',
    signed: ringingFields,
    sent: replace(ringingFields, ['To', 'ToCity'], [['To', '+491703330161ToCity']]),
  },
  {
    name: 'a second SequenceNumber split out of free text',
    signed: replace(ringingFields, ['FromZip'], [['FromZip', '94105SequenceNumber0']]),
    sent: [...ringingFields, ['SequenceNumber', '0']],
  },
  {
    name: 'a bracketed name split out of free text',
    signed: replace(ringingFields, ['ToZip'], [['ToZip', '9ToZz[a]b']]),
    sent: replace(
      ringingFields,
      ['ToZip'],
      [
        ['ToZip', '9'],
        ['ToZz[a]', 'b'],
      ],
    ),
  },
  {
    name: '__proto__ split out of free text',
    signed: replace(ringingFields, ['ToZip'], [['ToZip', '9__proto__x']]),
    sent: replace(
      ringingFields,
      ['ToZip'],
      [
        ['ToZip', '9'],
        ['__proto__', 'x'],
      ],
    ),
  },
];
