/**
 * Field names of Twilio's webhooks. A known name is the same string object in every form, so that later
 * look-ups are fast. Twilio keeps the order of fields, so the parser first compares the expected next name.
 *
 * The cache learns no names, only their order. A stranger's requests can make it useless, but nothing worse.
 */
export interface KnownName {
  readonly name: string;
  /** The name in a form, with its equals sign. */
  readonly encoded: string;
  /** Names that recently followed it, latest first. */
  readonly next: KnownName[];
}

/** Following names that are remembered per name. There are few other kinds of webhooks. */
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

/** The position before the first name of a form. */
export const beginning: KnownName = {name: '', encoded: '', next: []};

/** The name at `at`, with its equals sign, if it has recently followed `previous`. */
export function expectedName(previous: KnownName, text: string, at: number): KnownName | undefined {
  for (const candidate of previous.next) if (text.startsWith(candidate.encoded, at)) return candidate;
  return undefined;
}

/** The known name for this text. Remembers that it follows `previous`. */
export function knownName(previous: KnownName, name: string): KnownName | undefined {
  const found = known.get(name);
  if (found === undefined || previous.next.includes(found)) return found;
  previous.next.unshift(found);
  if (previous.next.length > MAX_NEXT) previous.next.pop();
  return found;
}
