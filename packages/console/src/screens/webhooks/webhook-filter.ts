/** Which webhooks are shown, and which one is looked at, as part of an address. Pure. */
import type {WebhookRecord} from '@hookswitch/protocol';
import {type IgnoredValue, ignoredValues, oneOf} from '../../shell/ignored-values.ts';

export const webhookOutcomes = [
  'accepted',
  'refused',
  'failed',
] as const satisfies readonly WebhookRecord['outcome'][];

export interface WebhookFilter {
  /** The beginning of a call sid, or part of a path, an address, a reason or a number. */
  readonly text: string;
  readonly outcome?: WebhookRecord['outcome'];
}

export const NO_FILTER: WebhookFilter = {text: ''};

/** What the gateway takes. */
const MAX_TEXT = 200;

/** `?q=&outcome=`: what is not ours, or not known, asks nothing. */
export function filterFromQuery(query: string): WebhookFilter {
  const parameters = new URLSearchParams(query);
  const outcome = webhookOutcomes.find((each) => each === parameters.get('outcome'));
  return {
    text: (parameters.get('q') ?? '').slice(0, MAX_TEXT),
    ...(outcome !== undefined && {outcome}),
  };
}

/** What of the filter's parameters is not known. */
export function ignoredFromQuery(query: string): readonly IgnoredValue[] {
  return ignoredValues(query, {outcome: oneOf(webhookOutcomes)});
}

/** `query` with the filter in it and everything else as it was. */
export function filterToQuery({text, outcome}: WebhookFilter, query: string): string {
  return withParameters(query, {q: text.slice(0, MAX_TEXT), outcome: outcome ?? ''});
}

/** The id of the one that is looked at. */
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
