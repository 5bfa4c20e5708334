/** The filter of the live calls, and its form as URL parameters. Pure. */
import type {Call, CallMetadata, CallStatus} from '@hookswitch/protocol';
import {type IgnoredValue, ignoredValues, oneOf} from '../../shell/ignored-values.ts';

export interface CallFilter {
  /** Words that must all occur in numbers, sid, user or metadata. */
  readonly text: string;
  /** Any of these statuses; empty: all. */
  readonly statuses: readonly StatusFilter[];
}

/** The choices of the status filter; all ended calls are one choice. */
export const statusFilters = ['initiating', 'ringing', 'in-progress', 'ended'] as const;
export type StatusFilter = (typeof statusFilters)[number];

/** Limits the length of a URL. */
const MAX_TEXT = 200;

/** The part of a call that the filter reads. */
export interface Filtered {
  readonly call: Pick<Call, 'callSid' | 'from' | 'to' | 'user' | 'metadata' | 'status' | 'parentCallSid'>;
  readonly life: 'in-progress' | 'ended' | 'vanished';
}

export function matchesFilter({call, life}: Filtered, {text, statuses}: CallFilter): boolean {
  if (statuses.length > 0 && !statuses.includes(statusChoice(call.status, life))) return false;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const searched = searchedText(call);
  if (words.every((word) => searched.includes(word))) return true;
  // “+1 (555) 010-0100” matches in any notation.
  const digits = digitsOf(text);
  return (
    digits !== undefined && [call.from, call.to].some((party) => party.replace(/\D/g, '').includes(digits))
  );
}

export function statusChoice(status: CallStatus, life: Filtered['life']): StatusFilter {
  if (life !== 'in-progress') return 'ended';
  switch (status) {
    case 'initiating':
    case 'ringing':
    case 'in-progress':
      return status;
    case 'completed':
    case 'failed':
      return 'ended';
  }
}

export function isSameFilter(a: CallFilter, b: CallFilter): boolean {
  return (
    a.text === b.text &&
    a.statuses.length === b.statuses.length &&
    a.statuses.every((status) => b.statuses.includes(status))
  );
}

export function isEmptyFilter({text, statuses}: CallFilter): boolean {
  return text.trim() === '' && statuses.length === 0;
}

/** `?q=&status=`. Ignores other parameters and unknown values. */
export function filterFromQuery(query: string): CallFilter {
  const parameters = new URLSearchParams(query);
  const asked = new Set((parameters.get('status') ?? '').split(','));
  return {
    text: (parameters.get('q') ?? '').slice(0, MAX_TEXT),
    statuses: statusFilters.filter((status) => asked.has(status)),
  };
}

/** The filter's parameters with unknown values. */
export function ignoredFromQuery(query: string): readonly IgnoredValue[] {
  return ignoredValues(query, {status: oneOf(statusFilters)}, ['status']);
}

/** Without a question mark; empty for an empty filter. Other parameters stay. */
export function filterToQuery({text, statuses}: CallFilter, query = ''): string {
  const parameters = new URLSearchParams(query);
  parameters.delete('q');
  parameters.delete('status');
  if (text !== '') parameters.set('q', text.slice(0, MAX_TEXT));
  if (statuses.length > 0) parameters.set('status', statuses.join(','));
  return parameters.toString();
}

function searchedText({callSid, parentCallSid, from, to, user, metadata}: Filtered['call']): string {
  return [callSid, parentCallSid, from, to, user, ...metadataTexts(metadata)]
    .filter((text) => text !== undefined)
    .join('\n')
    .toLowerCase();
}

function metadataTexts(metadata: CallMetadata | undefined): readonly string[] {
  return Object.entries(metadata ?? {}).map(([name, value]) => `${name}: ${value}`);
}

/** The digits of a text that can only be a number. */
function digitsOf(text: string): string | undefined {
  const isNumber = /^[\s+()./\-\d]*$/.test(text);
  const digits = text.replace(/\D/g, '');
  return isNumber && digits.length >= 3 ? digits : undefined;
}
