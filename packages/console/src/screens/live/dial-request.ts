/** From what was typed to a request, and from a refusal to words beside the fields. Pure. */
import type {PlaceCallRequest} from '@hookswitch/client';
import {type Refusal, refusalLabels} from '../../api/refusal-labels.ts';
import {parseMetadata} from './metadata-text.ts';

/** The form, as it was typed. */
export interface DialInput {
  readonly to: string;
  readonly from: string;
  readonly connectTo: string;
  readonly twiml: string;
  readonly metadata: string;
}

export const dialFields = ['to', 'from', 'connectTo', 'twiml', 'metadata'] as const;
export type DialField = (typeof dialFields)[number];

export const emptyDialInput: DialInput = {to: '', from: '', connectTo: '', twiml: '', metadata: ''};

/** What is wrong, field by field; what is about none of them under `form`. */
export type DialFaults = Readonly<Partial<Record<DialField | 'form', string>>>;

export type ReadDialInput =
  | {readonly kind: 'request'; readonly request: PlaceCallRequest}
  | {readonly kind: 'faults'; readonly faults: DialFaults};

/** A number as it was read; `undefined`: the text is no number. */
export type NumberReader = (text: string) =>
  | {
      readonly kind: 'number';
      /** E.164. */
      readonly value: string;
      /** As people write it, with its country. */
      readonly shown: string;
    }
  | {readonly kind: 'fault'; readonly message: string}
  | undefined;

const PARTY_FIELDS = ['to', 'from', 'connectTo'] as const;

/** Only what cannot be sent is refused here. The gateway decides about everything else. */
export function readDialInput(
  {twiml, metadata, ...input}: DialInput,
  readNumber?: NumberReader,
): ReadDialInput {
  const parsed = parseMetadata(metadata);
  const parties: Partial<Record<DialField, string>> = {};
  const partyFaults: Partial<Record<DialField, string>> = {};
  for (const field of PARTY_FIELDS) {
    if (input[field].trim() === '') continue;
    const read = readNumber?.(input[field]);
    if (read?.kind === 'fault') partyFaults[field] = read.message;
    else parties[field] = read?.value ?? tidyParty(input[field]);
  }
  const {to = '', from, connectTo} = parties;
  const faults: DialFaults = {
    ...(input.to.trim() === '' && {to: 'Enter a number, such as +15550100001.'}),
    ...partyFaults,
    ...(parsed.kind === 'fault' && {metadata: parsed.message}),
    ...(input.connectTo.trim() !== '' &&
      twiml.trim() !== '' && {twiml: 'Either connect to somebody or give TwiML.'}),
  };
  if (parsed.kind === 'fault' || Object.keys(faults).length > 0) return {kind: 'faults', faults};
  return {
    kind: 'request',
    request: {
      to,
      ...(from !== undefined && {from}),
      ...(connectTo !== undefined && {connectTo}),
      ...(twiml.trim() !== '' && {twiml: twiml.trim()}),
      ...(parsed.metadata !== undefined && {metadata: parsed.metadata}),
    },
  };
}

/** Numbers are pasted with spaces, brackets and dashes; names such as `client:jo-ann` keep theirs. */
export function tidyParty(text: string): string {
  const trimmed = text.trim();
  return /^\+[\d\s().\-/]+$/.test(trimmed) ? trimmed.replace(/[^+\d]/g, '') : trimmed;
}

/** The words of a refusal, where they belong: `context.faults` names fields (H6). */
export function faultsOf(refusal: Refusal): DialFaults {
  const {message, context} = refusal;
  const found: Partial<Record<DialField | 'form', string>> = {};
  const faults = Array.isArray(context['faults']) ? context['faults'] : [];
  for (const each of faults) {
    const {field, fault} = isObject(each) ? each : {};
    if (typeof field !== 'string' || typeof fault !== 'string') continue;
    const known = fieldOf(field);
    if (known !== undefined) found[known] ??= sentence(fault);
  }
  // A single field may be named without a list.
  const named = typeof context['field'] === 'string' ? fieldOf(context['field']) : undefined;
  if (named !== undefined) found[named] ??= sentence(message.replace(/^[\w.]+: /, ''));
  if (Object.keys(found).length > 0) return found;
  return {form: refusalLabels(refusal)};
}

/** `metadata.ticket` is shown at `metadata`. */
function fieldOf(path: string): DialField | undefined {
  const [first] = path.split(/[.[]/);
  return dialFields.find((field) => field === first);
}

/** Next to the field, its name need not be said again. */
function sentence(words: string): string {
  const whole = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
