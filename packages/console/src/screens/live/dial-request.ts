/** Converts the form's input to a request, and a refusal to errors next to the fields. Pure. */
import type {PlaceCallRequest} from '@hookswitch/client';
import {type Refusal, refusalLabels} from '../../api/refusal-labels.ts';
import {parseMetadata} from './metadata-text.ts';

/** The form as typed. */
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

/** Errors by field. General errors are under `form`. */
export type DialFaults = Readonly<Partial<Record<DialField | 'form', string>>>;

export type ReadDialInput =
  | {readonly kind: 'request'; readonly request: PlaceCallRequest}
  | {readonly kind: 'faults'; readonly faults: DialFaults};

/** The result of reading a number; `undefined`: the text is not a number. */
export type NumberReader = (text: string) =>
  | {
      readonly kind: 'number';
      /** E.164. */
      readonly value: string;
      /** In national notation, with the country. */
      readonly shown: string;
    }
  | {readonly kind: 'fault'; readonly message: string}
  | undefined;

const PARTY_FIELDS = ['to', 'from', 'connectTo'] as const;

/** Rejects only input that cannot be sent. The gateway validates everything else. */
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
    ...(input.connectTo.trim() !== '' && twiml.trim() !== '' && {twiml: 'Use either “Connect to” or TwiML.'}),
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

/** Removes spaces, brackets and dashes from a pasted number. Names such as `client:jo-ann` stay unchanged. */
export function tidyParty(text: string): string {
  const trimmed = text.trim();
  return /^\+[\d\s().\-/]+$/.test(trimmed) ? trimmed.replace(/[^+\d]/g, '') : trimmed;
}

/** Assigns a refusal to fields: `context.faults` names them (H6). */
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

/** Makes a sentence; the field's name is left out because the field is next to it. */
function sentence(words: string): string {
  const whole = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
