/**
 * Names that Twilio's webhooks have. A known name is the same string in every form, so that whoever looks it up behind the parser
 * need not read it again; and since Twilio keeps to an order, what comes next is known as well, and only compared.
 *
 * No name is learnt, only which of these came behind which: what a stranger sends can make that useless, and nothing else.
 */
export interface KnownName {
  readonly name: string;
  /** As it stands in a form. */
  readonly encoded: string;
  /** What has come behind it lately, the last one first. */
  readonly next: KnownName[];
}

/** Orders that are remembered of a name: there are not many more kinds of webhooks. */
const MAX_NEXT = 4;

const places = ['Called', 'Caller', 'From', 'To'].flatMap((who) =>
  ['City', 'Country', 'State', 'Zip'].map((part) => `${who}${part}`),
);
const names =
  'AccountSid AnsweredBy ApiVersion ApplicationSid CallDuration CallSid CallStatus CallToken CallbackSource Called Caller ' +
  'CallerName DialCallDuration DialCallSid DialCallStatus Direction Duration ForwardedFrom From ParentCallSid RecordingDuration ' +
  'RecordingSid RecordingUrl SequenceNumber SipResponseCode StirStatus StirVerstat Timestamp To';

const known: ReadonlyMap<string, KnownName> = new Map(
  [...names.split(' '), ...places].map((name) => [name, {name, encoded: `${name}=`, next: []}]),
);

/** Stands before the first name of a form. */
export const beginning: KnownName = {name: '', encoded: '', next: []};

/** Which of those that have come behind `previous` stands at `at`, with its equals sign. */
export function expectedName(previous: KnownName, text: string, at: number): KnownName | undefined {
  for (const candidate of previous.next) if (text.startsWith(candidate.encoded, at)) return candidate;
  return undefined;
}

/** The known name of this candidate, remembered as one that comes behind `previous`. */
export function knownName(previous: KnownName, name: string): KnownName | undefined {
  const found = known.get(name);
  if (found === undefined || previous.next.includes(found)) return found;
  previous.next.unshift(found);
  if (previous.next.length > MAX_NEXT) previous.next.pop();
  return found;
}
