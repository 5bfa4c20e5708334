/** The filter and the shown webhook as URL parameters. Pure. */
import type {WebhookRecord} from '@hookswitch/protocol';
import {type IgnoredValue, ignoredValues, oneOf} from '../../shell/ignored-values.ts';

export const webhookOutcomes = [
  'accepted',
  'refused',
  'failed',
] as const satisfies readonly WebhookRecord['outcome'][];

export interface WebhookFilter {
  /** The start of a call sid, or part of a path, an address, a reason or a number. */
  readonly text: string;
  readonly outcome?: WebhookRecord['outcome'];
}

export const NO_FILTER: WebhookFilter = {text: ''};

/** The gateway's limit. */
const MAX_TEXT = 200;

/** `?q=&outcome=`. Ignores other parameters and unknown values. */
export function filterFromQuery(query: string): WebhookFilter {
  const parameters = new URLSearchParams(query);
  const outcome = webhookOutcomes.find((each) => each === parameters.get('outcome'));
  return {
    text: (parameters.get('q') ?? '').slice(0, MAX_TEXT),
    ...(outcome !== undefined && {outcome}),
  };
}

/** The filter's parameters with unknown values. */
export function ignoredFromQuery(query: string): readonly IgnoredValue[] {
  return ignoredValues(query, {outcome: oneOf(webhookOutcomes)});
}

/** Returns `query` with the filter's parameters replaced. */
export function filterToQuery({text, outcome}: WebhookFilter, query: string): string {
  return withParameters(query, {q: text.slice(0, MAX_TEXT), outcome: outcome ?? ''});
}

/** The id of the shown webhook. */
export function shownFromQuery(query: string): number | undefined {
  const id = new URLSearchParams(query).get('id') ?? '';
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : undefined;
}

export function shownToQuery(id: number | undefined, query: string): string {
  return withParameters(query, {id: id === undefined ? '' : String(id)});
}

export function isEmptyFilter({text, outcome}: WebhookFilter): boolean {
  return text.trim() === '' && outcome === undefined;
}

function withParameters(query: string, changed: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changed)) {
    if (value === '') parameters.delete(name);
    else parameters.set(name, value);
  }
  return parameters.toString();
}
