/**
 * Plans how SQL adapters read a list of calls: along one index that yields the list's order, or along several
 * whose results are merged. The index answers one or two conditions. The others are checked call by call.
 */
import type {CallOutcome} from '@hookswitch/protocol';
import type {Offset} from './call-event.ts';
import {foldParty, SID_START_LENGTH} from './call-facets.ts';
import type {CallQuery} from './queryable-journal.ts';

/** Maximum number of calls to examine for one page. */
export interface ScanLimits {
  /** If the index contains every column that the query needs. */
  readonly indexRows: number;
  /** If each call must be read from the table. */
  readonly tableRows: number;
}

export const PERIOD_MS = 300_000;

/** SQL with one question mark per value. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** One index, the range of it to read, and the conditions to check for each row. */
export interface IndexScan {
  /** Absent for the table's own order and for lookups by sid. */
  readonly index?: string;
  readonly indexed: readonly Condition[];
  readonly filters: readonly Condition[];
  readonly examined: keyof ScanLimits;
  /** The index yields few calls, so they are sorted after reading. */
  readonly sorted?: true;
}

/** A contiguous part of the result, newest first: every match with a first offset of at least `downTo`. */
export interface ScanResult {
  readonly found: readonly Offset[];
  readonly downTo: Offset;
}

/** The offsets to search: `from` inclusive, `before` exclusive. */
export interface Range {
  readonly from: Offset;
  readonly before: Offset;
}

/** Chooses the indexes that answer the query. Results of several indexes are merged. */
export function planScans(query: CallQuery, find: 'instr' | 'strpos'): readonly IndexScan[] {
  const {state, owner, outcomes = [], direction} = query;
  const text = textCondition(query.text, find);
  const ofOwner = owner === undefined ? [] : [condition('owner = ?', owner)];
  const ofWay = direction === undefined ? [] : [condition('way = ?', direction)];
  const ofState =
    state === undefined ? [] : [condition(`ended_at IS ${state === 'active' ? '' : 'NOT '}NULL`)];
  const ofText = text === undefined ? [] : [text];
  const ofOutcomes = outcomes.length === 0 ? [] : [anyOf(outcomes)];
  const others = [...createdConditions(query), ...(query.legs === 'none' ? [LEGS] : [])];
  const lookUp = {examined: 'tableRows'} as const;
  if (query.text !== undefined && isSid(query.text)) {
    const filters = [...ofOwner, ...ofWay, ...ofState, ...ofOutcomes, ...others];
    return [{indexed: [sidCondition(query.text), ...filters], filters: [], sorted: true, ...lookUp}];
  }
  if (state === 'active') {
    const index = owner === undefined ? 'calls_in_progress' : 'calls_in_progress_by_owner';
    const filters = [...ofText, ...ofWay, ...ofOutcomes, ...others];
    return [{index, indexed: [...ofState, ...ofOwner], filters, ...lookUp}];
  }
  const ended = outcomes.length > 0 ? [] : state === 'ended' ? [condition('outcome IS NOT NULL')] : [];
  if (owner !== undefined) {
    const filters = [...ofText, ...ofWay, ...ended, ...ofOutcomes, ...others];
    return [{index: 'calls_by_owner', indexed: ofOwner, filters, ...lookUp}];
  }
  if (text === undefined && outcomes.length > 0) {
    return [...new Set(outcomes)].map((outcome) => ({
      index: 'calls_by_outcome',
      indexed: [condition('outcome = ?', outcome)],
      filters: [...ofWay, ...others],
      ...lookUp,
    }));
  }
  if (text === undefined && direction !== undefined) {
    return [{index: 'calls_by_way', indexed: ofWay, filters: [...ended, ...others], ...lookUp}];
  }
  const filters = [...ofText, ...ofWay, ...ended, ...ofOutcomes, ...others];
  return [
    {...(filters.length === 0 ? {} : {index: 'calls_walk'}), indexed: [], filters, examined: 'indexRows'},
  ];
}

const LEGS = condition('parent_call_sid IS NULL');

function anyOf(outcomes: readonly CallOutcome[]): Condition {
  return condition(`outcome IN (${outcomes.map(() => '?').join(', ')})`, ...outcomes);
}

function createdConditions({createdFrom, createdBefore}: CallQuery): readonly Condition[] {
  return [
    ...(createdFrom === undefined ? [] : [condition('created_at >= ?', createdFrom)]),
    ...(createdBefore === undefined ? [] : [condition('created_at < ?', createdBefore)]),
  ];
}

/** Whether the text can only be a sid or its prefix. One sid in sixteen million shares six hex digits. */
function isSid(text: string): boolean {
  return /^ca[0-9a-f]{6,}$/i.test(text);
}

/** Twilio's sids are lower case. Sids that another system converted to upper case match too. */
function sidCondition(text: string): Condition {
  const hex = text.slice(2);
  const starts = [`CA${hex.toLowerCase()}`, `CA${hex.toUpperCase()}`];
  // A tilde sorts after every character of a sid.
  const sql = starts.map(() => 'call_sid BETWEEN ? AND ?').join(' OR ');
  return condition(`(${sql})`, ...starts.flatMap((start) => [start, `${start}~`]));
}

function textCondition(text = '', find: 'instr' | 'strpos'): Condition | undefined {
  const folded = foldParty(text);
  if (folded === '') return undefined;
  const parts = [condition(`${find}(substr(search, ${SID_START_LENGTH + 1}), ?) > 0`, folded)];
  parts.push(condition('owner = ?', text));
  if (/^c(?:a[0-9a-z]{0,5})?$/.test(folded)) {
    parts.push(condition('substr(search, 1, ?) = ?', folded.length, folded));
  }
  return {
    sql: `(${parts.map(({sql}) => sql).join(' OR ')})`,
    values: parts.flatMap(({values}) => values),
  };
}

/**
 * A column with a plus sign before it (`+first_offset`) keeps the database from reading in that column's
 * order.
 */
export function within({from, before}: Range, column = 'first_offset'): Condition {
  return condition(`${column} >= ? AND ${column} < ?`, from, before);
}

function condition(sql: string, ...values: readonly (string | number)[]): Condition {
  return {sql, values};
}

export function join(conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({sql}) => sql).join(' AND '),
    values: conditions.flatMap(({values}) => values),
  };
}

/**
 * Merges results into one page. Below the highest `downTo`, a result may lack matches, so the page ends
 * there.
 */
export function merge(
  results: readonly ScanResult[],
  limit: number,
): {found: readonly Offset[]; next?: Offset} {
  const downTo = Math.max(0, ...results.map((result) => result.downTo));
  const found = results
    .flatMap((result) => result.found)
    .filter((offset) => offset >= downTo)
    .sort((a, b) => b - a);
  const page = found.slice(0, limit);
  const next = found.length > limit ? page.at(-1) : downTo;
  return {found: page, ...(next === undefined || next === 0 ? {} : {next})};
}
