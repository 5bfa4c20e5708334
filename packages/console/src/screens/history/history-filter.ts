/** The filter of the ended calls, and its form as URL parameters. Pure. */
import {type CallOutcome, failureReasons} from '@hookswitch/protocol';
import type {CallQuery} from '../../api/endpoints.ts';
import {type IgnoredValue, ignoredValues, oneOf} from '../../shell/ignored-values.ts';

export interface HistoryFilter {
  /** Part of a number, the start of a sid, or a user. */
  readonly text: string;
  /** Any of these outcomes; empty: all. */
  readonly outcomes: readonly CallOutcome[];
  readonly direction?: 'inbound' | 'outbound';
  readonly period: Period;
  /** Lists legs as rows of their own, besides their calls. */
  readonly withLegs: boolean;
}

/** When the calls started. Times are milliseconds since 1970. */
export type Period =
  | {readonly kind: 'all'}
  /** The last hours. The URL keeps the relative period, so its meaning moves with time. */
  | {readonly kind: 'last'; readonly hours: LastHours}
  | {readonly kind: 'between'; readonly from?: number; readonly to?: number};

export const lastHours = [24, 168, 720] as const;
export type LastHours = (typeof lastHours)[number];

/** In stacking and listing order. */
export const callOutcomes: readonly CallOutcome[] = ['completed', ...failureReasons];

export const NO_FILTER: HistoryFilter = {text: '', outcomes: [], period: {kind: 'all'}, withLegs: false};

/** The gateway's limit. */
const MAX_TEXT = 100;
const HOUR_MS = 3_600_000;
/** The longest period for which the gateway returns hourly counts. */
const MAX_COUNTED_HOURS = 31 * 24;
const DEFAULT_COUNTED_HOURS = 24;

const RANGES: Readonly<Record<LastHours, string>> = {24: '24h', 168: '7d', 720: '30d'};

/**
 * `?q=&outcome=&direction=&range=&from=&to=&legs=`. Ignores other parameters, and the values that {@link
 * ignoredFromQuery} returns.
 */
export function filterFromQuery(query: string): HistoryFilter {
  const parameters = new URLSearchParams(query);
  const asked = new Set((parameters.get('outcome') ?? '').split(','));
  const direction = parameters.get('direction');
  return {
    text: (parameters.get('q') ?? '').slice(0, MAX_TEXT),
    outcomes: callOutcomes.filter((outcome) => asked.has(outcome)),
    ...(direction === 'inbound' || direction === 'outbound' ? {direction} : {}),
    period: periodFromQuery(parameters),
    withLegs: parameters.get('legs') === 'shown',
  };
}

/** The filter's parameters with unknown values. */
export function ignoredFromQuery(query: string): readonly IgnoredValue[] {
  const isInstant = (text: string) => instant(text) !== undefined;
  return ignoredValues(
    query,
    {
      outcome: oneOf(callOutcomes),
      direction: oneOf(['inbound', 'outbound']),
      range: oneOf(Object.values(RANGES)),
      from: isInstant,
      to: isInstant,
      legs: oneOf(['shown']),
      cursor: isCursor,
    },
    ['outcome'],
  );
}

/**
 * Without a question mark; empty for an empty filter. Drops the cursor, because a new filter starts at the
 * newest call.
 */
export function filterToQuery({text, outcomes, direction, period, withLegs}: HistoryFilter): string {
  const parameters = new URLSearchParams();
  if (text !== '') parameters.set('q', text.slice(0, MAX_TEXT));
  if (outcomes.length > 0) parameters.set('outcome', outcomes.join(','));
  if (direction !== undefined) parameters.set('direction', direction);
  if (period.kind === 'last') parameters.set('range', RANGES[period.hours]);
  if (period.kind === 'between') {
    if (period.from !== undefined) parameters.set('from', iso(period.from));
    if (period.to !== undefined) parameters.set('to', iso(period.to));
  }
  if (withLegs) parameters.set('legs', 'shown');
  return parameters.toString();
}

function periodFromQuery(parameters: URLSearchParams): Period {
  const range = parameters.get('range');
  const hours = lastHours.find((each) => RANGES[each] === range);
  if (hours !== undefined) return {kind: 'last', hours};
  const [from, to] = [instant(parameters.get('from')), instant(parameters.get('to'))];
  if (from === undefined && to === undefined) return {kind: 'all'};
  return {kind: 'between', ...(from !== undefined && {from}), ...(to !== undefined && {to})};
}

/** Start of the page; `undefined` is the newest call. */
export function cursorFromQuery(query: string): string | undefined {
  const cursor = new URLSearchParams(query).get('cursor') ?? '';
  return isCursor(cursor) ? cursor : undefined;
}

function isCursor(text: string): boolean {
  return /^[1-9]\d{0,14}$/.test(text);
}

export function withCursor(query: string, cursor: string | undefined): string {
  const parameters = new URLSearchParams(query);
  if (cursor === undefined) parameters.delete('cursor');
  else parameters.set('cursor', cursor);
  return parameters.toString();
}

/** Whether the filter matches all calls. */
export function isEmptyFilter({text, outcomes, direction, period}: HistoryFilter): boolean {
  return period.kind === 'all' && text.trim() === '' && outcomes.length === 0 && direction === undefined;
}

/** Parts of the filter that the statistics do not support: they have a period only, and count no legs. */
export function listOnly({text, outcomes, direction, withLegs}: HistoryFilter): readonly string[] {
  return [
    ...(text.trim() === '' ? [] : ['text']),
    ...(outcomes.length === 0 ? [] : ['outcome']),
    ...(direction === undefined ? [] : ['direction']),
    ...(withLegs ? ['legs'] : []),
  ];
}

/** Why the period matches no call, as a sentence. */
export function periodFault(period: Period): string | undefined {
  if (period.kind !== 'between' || period.from === undefined || period.to === undefined) return undefined;
  return period.from < period.to ? undefined : 'The end is before the start.';
}

/** @param nowMs the gateway's clock */
export function toCallQuery(filter: HistoryFilter, nowMs: number): CallQuery {
  const {text, outcomes, direction, period, withLegs} = filter;
  const {from, to} = bounds(period, nowMs);
  return {
    status: 'ended',
    q: text.trim(),
    outcome: outcomes,
    ...(direction !== undefined && {direction}),
    ...(from !== undefined && {from: iso(from)}),
    ...(to !== undefined && {to: iso(to)}),
    ...(!withLegs && {legs: 'none'}),
  };
}

export interface CountedPeriod {
  /** Milliseconds since 1970. */
  readonly from: number;
  /** `undefined` is now. */
  readonly to?: number;
  /**
   * The chart starts later than the period: it shows at most 31 days, or 24 hours if the period is not
   * limited.
   */
  readonly isPart: boolean;
}

/** The hours that the chart shows. @param nowMs the gateway's clock */
export function countedPeriod(period: Period, nowMs: number): CountedPeriod {
  const {from, to} = bounds(period, nowMs);
  const end = Math.ceil((to ?? nowMs) / HOUR_MS) * HOUR_MS;
  const earliest = end - (period.kind === 'all' ? DEFAULT_COUNTED_HOURS : MAX_COUNTED_HOURS) * HOUR_MS;
  const isPart = from === undefined || from < earliest;
  return {from: isPart ? earliest : from, ...(to !== undefined && {to}), isPart};
}

/** A relative period starts on a full hour, so that the list and the chart cover the same calls. */
function bounds(period: Period, nowMs: number): {readonly from?: number; readonly to?: number} {
  switch (period.kind) {
    case 'all':
      return {};
    case 'last':
      return {from: (Math.ceil(nowMs / HOUR_MS) - period.hours) * HOUR_MS};
    case 'between':
      return period;
  }
}

/** `2026-01-31T09:30`, the value format of a `datetime-local` field. */
export function toLocalField(ms: number): string {
  const date = new Date(ms);
  const pad = (part: number, length = 2) => String(part).padStart(length, '0');
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** The time in a `datetime-local` field; `undefined` if it is incomplete. */
export function fromLocalField(text: string): number | undefined {
  return instant(text);
}

function instant(text: string | null): number | undefined {
  const ms = Date.parse(text ?? '');
  // The gateway accepts only four-digit years.
  return Number.isNaN(ms) || ms < 0 || ms > Date.UTC(9999, 0) ? undefined : ms;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
