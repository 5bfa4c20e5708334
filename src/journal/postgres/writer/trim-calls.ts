/** Deletes ended calls with their legs, entries and intents (J8), a few per transaction. */
import type {PostgresConnection} from '../../../postgres/postgres-connection.ts';
import {numberOf, optionalTextOf, textOf} from '../../../postgres/rows.ts';
import type {Offset} from '../../call-event.ts';
import {MAX_TRIMMED_CALLS, trimmedCallKey} from '../../trimmed-call-key.ts';
import {callOf} from '../journal-rows.ts';
import {StatisticsChanges} from './statistics-changes.ts';
import {addStatistics, statisticsColumns} from './write-group.ts';

/**
 * Time that an intent without a call is kept after the retention, in milliseconds: its callback may be late.
 */
const UNBOUND_INTENT_GRACE_MS = 24 * 60 * 60 * 1000;
const MAX_INTENTS = 500;

// A call and its legs are deleted together, once all of them have ended. `updated_at` protects calls with
// recent evidence: they have entries near the head, and trimming those would make every resume from an
// earlier offset impossible.
const SELECT_FAMILIES = `WITH roots AS (
    SELECT root.call_sid, root.ended_at FROM hookswitch.calls root
    WHERE root.ended_at < $1 AND root.updated_at < $1
      AND NOT EXISTS (SELECT FROM hookswitch.calls parent WHERE parent.call_sid = root.parent_call_sid)
      AND NOT EXISTS (SELECT FROM hookswitch.calls leg WHERE leg.parent_call_sid = root.call_sid
        AND (leg.ended_at IS NULL OR leg.ended_at >= $1 OR leg.updated_at >= $1))
    ORDER BY root.ended_at LIMIT $2
  )
  SELECT roots.call_sid AS root, family.call_sid, family.record
  FROM roots JOIN hookswitch.calls family
    ON family.call_sid = roots.call_sid OR family.parent_call_sid = roots.call_sid
  ORDER BY roots.ended_at, roots.call_sid`;

const DELETE_CALLS = `WITH
  gone AS (DELETE FROM hookswitch.entries WHERE call_sid = ANY ($1) RETURNING "offset"),
  gone_intents AS (DELETE FROM hookswitch.intents WHERE call_sid = ANY ($1)),
  gone_calls AS (DELETE FROM hookswitch.calls WHERE call_sid = ANY ($1)),
  remembered AS (
    INSERT INTO hookswitch.forgotten_calls (call) SELECT unnest($2::bigint[]) ON CONFLICT DO NOTHING
  ),
  counted AS (${addStatistics(3)})
  UPDATE hookswitch.journal_head SET trimmed_to = greatest(trimmed_to, (SELECT max("offset") FROM gone))
  WHERE id = 1 RETURNING trimmed_to`;

const DELETE_INTENTS = `DELETE FROM hookswitch.intents WHERE reference IN (
  SELECT reference FROM hookswitch.intents WHERE call_sid IS NULL AND created_at < $1 LIMIT ${MAX_INTENTS})`;

const DELETE_OLDEST_KEYS = `DELETE FROM hookswitch.forgotten_calls
  WHERE number <= (SELECT max(number) FROM hookswitch.forgotten_calls) - ${MAX_TRIMMED_CALLS}`;

const DELETE_EMPTY_HOURS = `DELETE FROM hookswitch.call_statistics
  WHERE (audience, hour) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))
    AND completed + busy + no_answer + canceled + failed = 0`;

export interface TrimStep {
  readonly endedBefore: number;
  readonly limit: number;
}

export interface Trimmed {
  readonly calls: number;
  readonly trimmedTo?: Offset;
}

/** Trims at most `limit` calls, or one call with all its legs. The transaction holds the lock of the head. */
export async function trimCalls(
  connection: PostgresConnection,
  {endedBefore, limit}: TrimStep,
): Promise<Trimmed> {
  // Index scans are the only plan whose cost does not grow with the number of calls.
  await connection.run('SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off');
  const family = takeFamilies(await connection.query(SELECT_FAMILIES, [endedBefore, limit]), limit);
  await connection.query(DELETE_INTENTS, [endedBefore - UNBOUND_INTENT_GRACE_MS]);
  if (family.size === 0) return {calls: 0};
  const statistics = new StatisticsChanges();
  for (const record of family.values()) statistics.add({before: callOf(record)});
  const columns = statisticsColumns(statistics);
  const [row] = await connection.query(DELETE_CALLS, [
    [...family.keys()],
    [...family.keys()].map((callSid) => String(trimmedCallKey(callSid))),
    ...columns,
  ]);
  await connection.run(DELETE_OLDEST_KEYS);
  await connection.query(DELETE_EMPTY_HOURS, columns.slice(0, 2));
  return {calls: family.size, trimmedTo: numberOf(row?.['trimmed_to'])};
}

/**
 * Returns the records of as many complete families as fit into `limit`, and always of the first one. By sid.
 */
function takeFamilies(
  rows: Awaited<ReturnType<PostgresConnection['query']>>,
  limit: number,
): Map<string, string> {
  const byRoot = new Map<string, Map<string, string>>();
  for (const row of rows) {
    const root = optionalTextOf(row['root']) ?? '';
    const family = byRoot.get(root) ?? new Map<string, string>();
    byRoot.set(root, family.set(textOf(row['call_sid']), textOf(row['record'])));
  }
  const taken = new Map<string, string>();
  for (const family of byRoot.values()) {
    if (taken.size > 0 && taken.size + family.size > limit) break;
    for (const [callSid, record] of family) taken.set(callSid, record);
  }
  return taken;
}
