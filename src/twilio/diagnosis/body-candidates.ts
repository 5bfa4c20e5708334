/**
 * Bodies that Twilio may have signed before an intermediary rewrote them: known modifications by proxies and
 * frameworks, reversed. Bounded, because a body has at most 64 KB.
 */
import {type FormField, MAX_FORM_FIELDS, parseForm} from '../webhook/form.ts';
import {signedText} from '../webhook/signature.ts';

export interface BodyCandidate {
  /** The signed text of the body, which follows the URL. */
  readonly text: string;
  /** A short description of the modification. */
  readonly difference: string;
}

/** If Twilio sends one of these fields, it sends the others as well, even if empty. */
const GEOGRAPHY = ['From', 'To', 'Caller', 'Called'].flatMap((party) =>
  ['City', 'State', 'Zip', 'Country'].map((part) => party + part),
);

/** Fields of voice webhooks. Other fields may have been added by an intermediary. */
const KNOWN = new Set([
  ...GEOGRAPHY,
  ...'AccountSid AddOns AnsweredBy ApiVersion ApplicationSid CallDuration CallSid CallStatus CallToken'.split(
    ' ',
  ),
  ...'CallbackSource Called Caller CallerName Confidence DialBridged DialCallDuration DialCallSid'.split(' '),
  ...'DialCallStatus Digits Direction Duration ErrorCode ErrorUrl FinishedOnKey ForwardedFrom From'.split(
    ' ',
  ),
  ...'MachineDetectionDuration ParentCallSid QueueTime RecordingDuration RecordingSid RecordingUrl'.split(
    ' ',
  ),
  ...'SequenceNumber SipCallId SipResponseCode SpeechResult StirPassportToken StirStatus StirVerstat'.split(
    ' ',
  ),
  ...'Timestamp To'.split(' '),
]);

/** The text of the unmodified body; empty if the body cannot be parsed unambiguously. */
export function unmodified(body: Buffer): string {
  const form = parseForm(body);
  return form.kind === 'form' ? signedText(form.fields) : '';
}

/** Candidates that differ from {@link unmodified}, without duplicates, the likely ones first. */
export function bodyCandidates(body: Buffer): readonly BodyCandidate[] {
  const fields = readFields(body, 'utf8');
  // Not a webhook of Twilio. Thousands of fields would take too long.
  if (fields.length > MAX_FORM_FIELDS) return [];
  const names = new Set(fields.map(([name]) => name));
  const isKnown = (name: string) => KNOWN.has(name) || name.startsWith('SipHeader_');
  const added = [...names]
    .filter((name) => !isKnown(name))
    .slice(0, 3)
    .map((name) => name.slice(0, 40));
  const json = fieldsOfJson(body);
  const found: readonly (readonly [difference: string, fields: readonly FormField[]])[] = [
    ['whitespace was added at the end', readFields(withoutTail(body), 'utf8')],
    ['fields were decoded and not encoded again', readFields(body, 'utf8', {plusIsPlus: true})],
    ['fields were encoded twice', fields.map(([name, value]) => [twice(name), twice(value)])],
    ['the charset was changed to Latin-1', readFields(body, 'latin1')],
    ['UTF-8 was read as Latin-1 and encoded again', fields.map(([name, value]) => [name, misread(value)])],
    [
      'empty fields were dropped',
      [...fields, ...GEOGRAPHY.filter((name) => !names.has(name)).map((name) => [name, ''] as const)],
    ],
    [`fields were added (${added.join(', ')})`, fields.filter(([name]) => isKnown(name))],
    ['empty fields were added', fields.filter(([, value]) => value !== '')],
    ...(json.length === 0 ? [] : [['the form was turned into JSON', json] as const]),
  ];
  const candidates = [
    ...found.map(([difference, each]) => ({difference, text: signedText(each)})),
    {difference: 'signed with the fields in their order in the body', text: fields.flat().join('')},
    {difference: 'signed without the fields', text: ''},
  ];
  const seen = new Set([unmodified(body)]);
  return candidates.filter(({text}) => !seen.has(text) && seen.add(text));
}

/** Like `parseForm`, but accepts any input. */
function readFields(
  body: Buffer,
  charset: 'utf8' | 'latin1',
  {plusIsPlus = false}: {readonly plusIsPlus?: boolean} = {},
): readonly FormField[] {
  const read = (text: string) => {
    const spaced = plusIsPlus ? text : text.replaceAll('+', ' ');
    const bytes = spaced.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return Buffer.from(bytes, 'latin1').toString(charset);
  };
  const pairs = body.toString('latin1').split('&');
  return pairs
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1 ? [read(pair), ''] : [read(pair.slice(0, equals)), read(pair.slice(equals + 1))];
    });
}

function withoutTail(body: Buffer): Buffer {
  let end = body.length;
  while (end > 0 && (body[end - 1] ?? 0x21) <= 0x20) end -= 1;
  return body.subarray(0, end);
}

function twice(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function misread(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  // Text with characters beyond Latin-1 was not misread in this way.
  return bytes.toString('latin1') === text ? bytes.toString('utf8') : text;
}

function fieldsOfJson(body: Buffer): readonly FormField[] {
  if (body[0] !== 0x7b) return [];
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return Object.entries(parsed ?? {}).map(([name, value]) => [name, String(value)]);
  } catch {
    return [];
  }
}
