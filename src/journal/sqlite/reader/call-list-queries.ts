/**
 * Lists calls, newest first, along the index that `../../call-list-plan.ts` chooses. If the index does not
 * answer the whole query, one page examines a limited number of calls, so that a search for rare matches
 * among millions takes bounded time. `next` says where to continue.
 */
import type {StatementSync} from 'node:sqlite';
import type {Offset} from '../../call-event.ts';
import {
  type IndexScan,
  join,
  merge,
  PERIOD_MS,
  planScans,
  type Range,
  type ScanLimits,
  type ScanResult,
  within,
} from '../../call-list-plan.ts';
import type {CallQuery} from '../../queryable-journal.ts';
import {numberOf, textOf} from '../rows.ts';

/** Number of calls in the first step, which usually contain the whole page. */
const FIRST_EXAMINED = 500;
const MAX_STEP = 8000;
/** Each limit takes about 12 ms. `tableRows` does so if the calls are far apart in the file. */
const DEFAULT_LIMITS: ScanLimits = {indexRows: 30_000, tableRows: 3000};

export class CallListQueries {
  readonly #statement: (sql: string) => StatementSync;
  readonly #limits: ScanLimits;

  /** @param statement prepares a statement, or returns it if it is prepared already */
  constructor(statement: (sql: string) => StatementSync, limits = DEFAULT_LIMITS) {
    this.#statement = statement;
    this.#limits = limits;
  }

  /** Returns a `CallList` as JSON. */
  list(query: CallQuery): string {
    const range = this.#range(query);
    const results =
      range === undefined
        ? []
        : planScans(query, 'instr').map((scan) => this.#read(scan, range, query.limit));
    const {found, next} = merge(results, query.limit);
    const records = found.map((offset) => this.#record(offset));
    return `{"calls":[${records.join(',')}]${next === undefined ? '' : `,"next":${next}`}}`;
  }

  #range({before = Number.MAX_SAFE_INTEGER, createdFrom, createdBefore}: CallQuery): Range | undefined {
    if (createdFrom === undefined && createdBefore === undefined) return {from: 0, before};
    // Offsets and creation times rise together, with exceptions: calls that arrived first and were written
    // second, and clocks that were set. `call_periods` has the exact offsets of each period.
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

  #read(scan: IndexScan, range: Range, limit: number): ScanResult {
    return scan.filters.length === 0 ? this.#readAll(scan, range, limit) : this.#examine(scan, range, limit);
  }

  /** Reads a page of calls. The index answers the whole query. */
  #readAll({index, indexed, sorted}: IndexScan, range: Range, limit: number): ScanResult {
    const column = sorted === true ? '+first_offset' : 'first_offset';
    const {sql, values} = join([...indexed, within(range, column)]);
    const rows = this.#statement(
      `SELECT first_offset FROM calls ${indexedBy(index)} WHERE ${sql} ORDER BY ${column} DESC LIMIT ?`,
    ).all(...values, limit + 1);
    const found = rows.map((row) => numberOf(row['first_offset']));
    return {found, downTo: found.length > limit ? (found.at(-1) ?? 0) : 0};
  }

  /** Examines growing batches of calls until the page is full or the limit is reached. */
  #examine(scan: IndexScan, range: Range, limit: number): ScanResult {
    const most = this.#limits[scan.examined];
    const found: Offset[] = [];
    let {before} = range;
    let examined = 0;
    for (
      let count = Math.min(FIRST_EXAMINED, most);
      examined < most;
      count = Math.min(2 * count, MAX_STEP, most - examined)
    ) {
      const step = this.#step(scan, {...range, before}, count);
      found.push(...step.found);
      examined += count;
      if (step.end === undefined) return {found, downTo: 0};
      if (found.length > limit) return {found, downTo: step.end};
      before = step.end;
    }
    return {found, downTo: before};
  }

  /**
   * Finds the matches among the next `count` calls, and the offset of the last of them as `end`. No `end`: no
   * more calls.
   */
  #step({index, indexed, filters}: IndexScan, range: Range, count: number) {
    const inner = join([...indexed, within(range)]);
    const wanted = join(filters);
    // Filtering and counting in one statement avoids a row per call.
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
