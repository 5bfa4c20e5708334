/**
 * Lists of calls, newest first. A list is read along one index that gives its order: of the conditions, one or two are
 * the index' own and the rest is looked at call by call. Where there is a rest, at most so many calls are looked at
 * for one page, so that a rare match among millions costs a bounded time; the page then says where to go on.
 */
import type {StatementSync} from 'node:sqlite';
import type {Offset} from '../../call-event.ts';
import {
  type ExaminationLimits,
  join,
  merge,
  PERIOD_MS,
  type Range,
  type Stream,
  type Stretch,
  streamsOf,
  within,
} from '../../call-list-plan.ts';
import type {CallQuery} from '../../journal.ts';
import {numberOf, textOf} from '../rows.ts';

/** Calls looked at first: mostly the page is among them. */
const FIRST_EXAMINED = 500;
const MAX_STEP = 8000;
/** About 12 ms each, the latter where the calls are far apart. */
const DEFAULT_LIMITS: ExaminationLimits = {walked: 30_000, lookedUp: 3000};

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
      range === undefined
        ? []
        : streamsOf(query, 'instr').map((stream) => this.#read(stream, range, query.limit));
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
      `SELECT first_offset FROM calls ${indexedBy(index)} WHERE ${sql} ORDER BY ${column} DESC LIMIT ?`,
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
         FROM calls ${indexedBy(index)} WHERE ${inner.sql} ORDER BY first_offset DESC LIMIT ?)`,
    ).get(...wanted.values, ...inner.values, count);
    const found = (JSON.parse(textOf(row?.['found'])) as Offset[]).sort((a, b) => b - a);
    return {found, end: numberOf(row?.['examined']) < count ? undefined : numberOf(row?.['end'])};
  }

  #record(offset: Offset): string {
    return textOf(this.#statement('SELECT record FROM calls WHERE first_offset = ?').get(offset)?.['record']);
  }
}

function indexedBy(index: string | undefined): string {
  return index === undefined ? '' : `INDEXED BY ${index}`;
}
