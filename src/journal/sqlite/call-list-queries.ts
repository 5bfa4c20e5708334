/**
 * Lists of calls, newest first. A list is read along one index that gives its order: of the conditions, one or two are
 * the index' own and the rest is looked at call by call. Where there is a rest, at most so many calls are looked at
 * for one page, so that a rare match among millions costs a bounded time; the page then says where to go on.
 */
import type {SQLInputValue, StatementSync} from 'node:sqlite';
import type {CallOutcome} from '@hookswitch/protocol';
import type {Offset} from '../call-event.ts';
import {foldParty} from '../call-facets.ts';
import type {CallQuery} from '../journal.ts';
import {SID_START_LENGTH} from './facet-columns.ts';
import {numberOf, textOf} from './rows.ts';

/** Calls looked at first: mostly the page is among them. */
const FIRST_EXAMINED = 500;
const MAX_STEP = 8000;
/** Calls looked at for one page. */
export interface ExaminationLimits {
  /** Where the index holds all that is asked. @default 30000, about 12 ms */
  readonly walked: number;
  /** Where each has to be read from the table. @default 3000, about 12 ms where they are far apart */
  readonly lookedUp: number;
}

const DEFAULT_LIMITS: ExaminationLimits = {walked: 30_000, lookedUp: 3000};

const PERIOD_MS = 300_000;

/** SQL with its values. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** One index, the part of it to read, and what has to be looked at besides. */
interface Stream {
  readonly index: string;
  readonly own: readonly Condition[];
  readonly rest: readonly Condition[];
  readonly examined: keyof ExaminationLimits;
  /** There are few: they are put in order instead of being read in order. */
  readonly sorted?: true;
}

/** By their first offset: every match from `downTo` on, newest first; 0: every match there is. */
interface Stretch {
  readonly found: readonly Offset[];
  readonly downTo: Offset;
}

/** Offsets between which to look: `from` inclusive, `before` exclusive. */
interface Range {
  readonly from: Offset;
  readonly before: Offset;
}

export class CallListQueries {
  readonly #statement: (sql: string) => StatementSync;
  readonly #limits: ExaminationLimits;

  /** `statement` prepares, or finds what it has prepared. */
  constructor(statement: (sql: string) => StatementSync, limits = DEFAULT_LIMITS) {
    this.#statement = statement;
    this.#limits = limits;
  }

  /** A `CallList` as JSON. */
  list(query: CallQuery): string {
    const range = this.#range(query);
    const stretches =
      range === undefined ? [] : streamsOf(query).map((stream) => this.#read(stream, range, query.limit));
    const {found, next} = merge(stretches, query.limit);
    const records = found.map((offset) => this.#record(offset));
    return `{"calls":[${records.join(',')}]${next === undefined ? '' : `,"next":${next}`}}`;
  }

  #range({before = Number.MAX_SAFE_INTEGER, createdFrom, createdBefore}: CallQuery): Range | undefined {
    if (createdFrom === undefined && createdBefore === undefined) return {from: 0, before};
    // Offsets and times of creation rise together, but for calls that were received first and written second, and
    // clocks that were set: per period it is noted which offsets it really has.
    const row = this.#statement(
      'SELECT min(first_offset) AS first, max(last_offset) AS last FROM call_periods WHERE period BETWEEN ? AND ?',
    ).get(
      Math.floor((createdFrom ?? 0) / PERIOD_MS),
      Math.floor((createdBefore ?? Number.MAX_SAFE_INTEGER) / PERIOD_MS),
    );
    const first = row?.['first'];
    if (typeof first !== 'number') return undefined;
    return {from: first, before: Math.min(before, numberOf(row?.['last']) + 1)};
  }

  #read(stream: Stream, range: Range, limit: number): Stretch {
    return stream.rest.length === 0
      ? this.#readAll(stream, range, limit)
      : this.#examine(stream, range, limit);
  }

  /** The index has the calls and no others. */
  #readAll({index, own, sorted}: Stream, range: Range, limit: number): Stretch {
    const column = sorted === true ? '+first_offset' : 'first_offset';
    const {sql, values} = join([...own, within(range, column)]);
    const rows = this.#statement(
      `SELECT first_offset FROM calls ${index} WHERE ${sql} ORDER BY ${column} DESC LIMIT ?`,
    ).all(...values, limit + 1);
    const found = rows.map((row) => numberOf(row['first_offset']));
    return {found, downTo: found.length > limit ? (found.at(-1) ?? 0) : 0};
  }

  /** Looks at more and more calls until there are enough for the page, or so many were looked at. */
  #examine(stream: Stream, range: Range, limit: number): Stretch {
    const most = this.#limits[stream.examined];
    const found: Offset[] = [];
    let {before} = range;
    let examined = 0;
    for (
      let count = Math.min(FIRST_EXAMINED, most);
      examined < most;
      count = Math.min(2 * count, MAX_STEP, most - examined)
    ) {
      const step = this.#step(stream, {...range, before}, count);
      found.push(...step.found);
      examined += count;
      if (step.end === undefined) return {found, downTo: 0};
      if (found.length > limit) return {found, downTo: step.end};
      before = step.end;
    }
    return {found, downTo: before};
  }

  /** The matches among the next `count` calls of the index, and the last of those; no `end` when there are no more. */
  #step({index, own, rest}: Stream, range: Range, count: number) {
    const inner = join([...own, within(range)]);
    const wanted = join(rest);
    // In one pass, and without a row for each: the calls are counted where they are compared.
    const row = this.#statement(
      `SELECT count(*) AS examined, min(first_offset) AS end,
         json_group_array(first_offset) FILTER (WHERE ${wanted.sql}) AS found
       FROM (SELECT first_offset, search, outcome, way, owner, parent_call_sid, created_at
         FROM calls ${index} WHERE ${inner.sql} ORDER BY first_offset DESC LIMIT ?)`,
    ).get(...wanted.values, ...inner.values, count);
    const found = (JSON.parse(textOf(row?.['found'])) as Offset[]).sort((a, b) => b - a);
    return {found, end: numberOf(row?.['examined']) < count ? undefined : numberOf(row?.['end'])};
  }

  #record(offset: Offset): string {
    return textOf(this.#statement('SELECT record FROM calls WHERE first_offset = ?').get(offset)?.['record']);
  }
}

/** Which indexes answer the query; of several, the answers are merged. */
function streamsOf(query: CallQuery): readonly Stream[] {
  const {state, owner, outcomes = [], direction} = query;
  const text = textCondition(query.text);
  const ofOwner = owner === undefined ? [] : [condition('owner = ?', owner)];
  const ofWay = direction === undefined ? [] : [condition('way = ?', direction)];
  const ofState =
    state === undefined ? [] : [condition(`ended_at IS ${state === 'active' ? '' : 'NOT '}NULL`)];
  const ofText = text === undefined ? [] : [text];
  const ofOutcomes = outcomes.length === 0 ? [] : [anyOf(outcomes)];
  const others = [...createdConditions(query), ...(query.legs === 'none' ? [LEGS] : [])];
  const lookUp = {examined: 'lookedUp'} as const;
  if (query.text !== undefined && isSid(query.text)) {
    const rest = [...ofOwner, ...ofWay, ...ofState, ...ofOutcomes, ...others];
    return [{index: '', own: [sidCondition(query.text), ...rest], rest: [], sorted: true, ...lookUp}];
  }
  if (state === 'active') {
    const index =
      owner === undefined ? 'INDEXED BY calls_in_progress' : 'INDEXED BY calls_in_progress_by_owner';
    const rest = [...ofText, ...ofWay, ...ofOutcomes, ...others];
    return [{index, own: [...ofState, ...ofOwner], rest, ...lookUp}];
  }
  const ended = outcomes.length > 0 ? [] : state === 'ended' ? [condition('outcome IS NOT NULL')] : [];
  if (owner !== undefined) {
    const rest = [...ofText, ...ofWay, ...ended, ...ofOutcomes, ...others];
    return [{index: 'INDEXED BY calls_by_owner', own: ofOwner, rest, ...lookUp}];
  }
  if (text === undefined && outcomes.length > 0) {
    return [...new Set(outcomes)].map((outcome) => ({
      index: 'INDEXED BY calls_by_outcome',
      own: [condition('outcome = ?', outcome)],
      rest: [...ofWay, ...others],
      ...lookUp,
    }));
  }
  if (text === undefined && direction !== undefined) {
    return [{index: 'INDEXED BY calls_by_way', own: ofWay, rest: [...ended, ...others], ...lookUp}];
  }
  const rest = [...ofText, ...ofWay, ...ended, ...ofOutcomes, ...others];
  return [{index: rest.length === 0 ? '' : 'INDEXED BY calls_walk', own: [], rest, examined: 'walked'}];
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

/** What can be nothing but a sid, or the most of one: one in sixteen million has the same beginning. */
function isSid(text: string): boolean {
  return /^ca[0-9a-f]{6,}$/i.test(text);
}

/** Twilio's sids are lower case; whatever writes them all upper is found too. */
function sidCondition(text: string): Condition {
  const hex = text.slice(2);
  const starts = [`CA${hex.toLowerCase()}`, `CA${hex.toUpperCase()}`];
  // A tilde comes after everything in a sid.
  const sql = starts.map(() => 'call_sid BETWEEN ? AND ?').join(' OR ');
  return condition(`(${sql})`, ...starts.flatMap((start) => [start, `${start}~`]));
}

function textCondition(text = ''): Condition | undefined {
  const folded = foldParty(text);
  if (folded === '') return undefined;
  const parts = [condition(`instr(substr(search, ${SID_START_LENGTH + 1}), ?) > 0`, folded)];
  parts.push(condition('owner = ?', text));
  if (/^c(?:a[0-9a-z]{0,5})?$/.test(folded)) {
    parts.push(condition('substr(search, 1, ?) = ?', folded.length, folded));
  }
  return {
    sql: `(${parts.map(({sql}) => sql).join(' OR ')})`,
    values: parts.flatMap(({values}) => values),
  };
}

/** With a plus before the column SQLite does not read in its order. */
function within({from, before}: Range, column = 'first_offset'): Condition {
  return condition(`${column} >= ? AND ${column} < ?`, from, before);
}

function condition(sql: string, ...values: readonly SQLInputValue[]): Condition {
  return {sql, values};
}

function join(conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({sql}) => sql).join(' AND '),
    values: conditions.flatMap(({values}) => values),
  };
}

/** One page of several stretches: what is below the highest end of any may have a hole. */
function merge(stretches: readonly Stretch[], limit: number) {
  const downTo = Math.max(0, ...stretches.map((stretch) => stretch.downTo));
  const found = stretches
    .flatMap((stretch) => stretch.found)
    .filter((offset) => offset >= downTo)
    .sort((a, b) => b - a);
  const page = found.slice(0, limit);
  return {found: page, next: found.length > limit ? page.at(-1) : downTo === 0 ? undefined : downTo};
}
