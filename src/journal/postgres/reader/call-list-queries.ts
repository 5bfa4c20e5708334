/**
 * Lists calls, newest first, along the index that `../../call-list-plan.ts` chooses. If the index does not
 * answer the whole query, one page examines a limited number of calls, and `next` says where to continue.
 */
import type {Query} from '../../../postgres/postgres-database.ts';
import {numberOf, optionalNumberOf} from '../../../postgres/rows.ts';
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
import type {CallList, CallQuery} from '../../queryable-journal.ts';
import {callOf} from '../journal-rows.ts';

/** Number of calls in the first step, which usually contain the whole page. */
const FIRST_EXAMINED = 500;
const MAX_STEP = 8000;
const DEFAULT_LIMITS: ScanLimits = {indexRows: 24_000, tableRows: 3000};

export async function listCalls(query: Query, asked: CallQuery, limits = DEFAULT_LIMITS): Promise<CallList> {
  const range = await rangeOf(query, asked);
  if (range === undefined) return {calls: []};
  const scans = planScans(asked, 'strpos');
  const results = await Promise.all(
    scans.map((scan) =>
      scan.filters.length === 0
        ? readAll(query, scan, range, asked.limit)
        : examine(query, scan, range, {limit: asked.limit, most: limits[scan.examined]}),
    ),
  );
  const {found, next} = merge(results, asked.limit);
  const rows = await query(
    'SELECT record FROM hookswitch.calls WHERE first_offset = ANY ($1::bigint[]) ORDER BY first_offset DESC',
    [found],
  );
  return {calls: rows.map((row) => callOf(row['record'])), ...(next === undefined ? {} : {next})};
}

async function rangeOf(
  query: Query,
  {before = Number.MAX_SAFE_INTEGER, createdFrom, createdBefore}: CallQuery,
): Promise<Range | undefined> {
  if (createdFrom === undefined && createdBefore === undefined) return {from: 0, before};
  // Offsets and creation times rise together, with exceptions: calls that arrived first and were written
  // second, and clocks that were set or that differ. `call_periods` has the exact offsets of each period.
  const [row] = await query(
    `SELECT min(first_offset) AS first, max(last_offset) AS last FROM hookswitch.call_periods
     WHERE period BETWEEN $1 AND $2`,
    [
      Math.floor((createdFrom ?? 0) / PERIOD_MS),
      Math.floor((createdBefore ?? Number.MAX_SAFE_INTEGER) / PERIOD_MS),
    ],
  );
  const first = optionalNumberOf(row?.['first']);
  if (first === undefined) return undefined;
  return {from: first, before: Math.min(before, numberOf(row?.['last']) + 1)};
}

/** Reads a page of calls. The index answers the whole query. */
async function readAll(
  query: Query,
  {indexed, sorted}: IndexScan,
  range: Range,
  limit: number,
): Promise<ScanResult> {
  const column = sorted === true ? '+first_offset' : 'first_offset';
  const {sql, values} = join([...indexed, within(range, column)]);
  const rows = await query(
    numbered(`SELECT first_offset FROM hookswitch.calls WHERE ${sql} ORDER BY ${column} DESC LIMIT ?`),
    [...values, limit + 1],
  );
  const found = rows.map((row) => numberOf(row['first_offset']));
  return {found, downTo: found.length > limit ? (found.at(-1) ?? 0) : 0};
}

/** Examines growing batches of calls until the page is full or the limit is reached. */
async function examine(
  query: Query,
  scan: IndexScan,
  range: Range,
  {limit, most}: {readonly limit: number; readonly most: number},
): Promise<ScanResult> {
  const found: Offset[] = [];
  let {before} = range;
  let examined = 0;
  for (
    let count = Math.min(FIRST_EXAMINED, most);
    examined < most;
    count = Math.min(2 * count, MAX_STEP, most - examined)
  ) {
    const step = await examineStep(query, scan, {...range, before}, count);
    found.push(...step.found);
    examined += count;
    if (step.end === undefined) return {found, downTo: 0};
    if (found.length > limit) return {found, downTo: step.end};
    before = step.end;
  }
  return {found, downTo: before};
}

/**
 * The statement of one step: finds the matches among the next `count` calls, and the offset of the last of
 * them.
 */
export function stepStatement({indexed, filters}: IndexScan, range: Range, count: number) {
  const inner = join([...indexed, within(range)]);
  const wanted = join(filters);
  return {
    sql: numbered(
      `SELECT count(*) AS examined, min(first_offset) AS "end",
         array_agg(first_offset ORDER BY first_offset DESC) FILTER (WHERE ${wanted.sql}) AS found
       FROM (SELECT first_offset, search, outcome, way, owner, parent_call_sid, created_at
         FROM hookswitch.calls WHERE ${inner.sql} ORDER BY first_offset DESC LIMIT ?) AS next_calls`,
    ),
    values: [...wanted.values, ...inner.values, count],
  };
}

async function examineStep(query: Query, scan: IndexScan, range: Range, count: number) {
  const {sql, values} = stepStatement(scan, range, count);
  const [row] = await query(sql, values);
  const found = (row?.['found'] ?? []) as readonly (string | number)[];
  return {
    found: found.map(Number),
    end: numberOf(row?.['examined']) < count ? undefined : numberOf(row?.['end']),
  };
}

/** Replaces question marks with `$1`, `$2` … None of our conditions has a question mark in a string. */
function numbered(sql: string): string {
  let index = 0;
  return sql.replaceAll('?', () => {
    index += 1;
    return `$${index}`;
  });
}
