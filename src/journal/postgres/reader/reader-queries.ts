/** The read queries of the port. Each is one statement, so that its result is one snapshot. */
import type {PreparedStatement} from '../../../postgres/postgres-connection.ts';
import type {Query} from '../../../postgres/postgres-database.ts';
import {numberOf, type Row, textOf} from '../../../postgres/rows.ts';
import type {CallRecord, JournalEntry, Offset} from '../../call-event.ts';
import {statisticsVisibility} from '../../call-facets.ts';
import type {DialIntentRecord} from '../../dial-intent.ts';
import type {ActiveCalls, ReadResult} from '../../followable-journal.ts';
import type {CallHistory, HistoryEntry, HourOfCalls, StatisticsQuery} from '../../queryable-journal.ts';
import {callOf, ENTRY_COLUMNS, entryOf, intentOf} from '../journal-rows.ts';
import type {ServerTimeline} from '../timeline-fence.ts';
import {HEAD_OFFSET} from '../writer/load-group.ts';

/** The history that a result belongs to. Connections can lead to different servers during a failover. */
export interface Origin extends ServerTimeline {
  readonly epoch: string;
}

/** The entries after an offset, and the head at that moment. */
export interface TailPage {
  readonly origin: Origin;
  readonly head: Offset;
  readonly trimmedTo: Offset;
  readonly entries: readonly JournalEntry[];
  /** The page is full, so there may be more entries. */
  readonly more: boolean;
}

const TAIL_PAGE = 1000;
const ORIGIN = 'h.epoch, h.timeline, h.system_identifier';

/** Entries become visible in offset order, so two visible entries never have a missing entry between them. */
const SELECT_ENTRIES = `SELECT ${ORIGIN}, h.trimmed_to, ${HEAD_OFFSET} AS head, entry.*
  FROM hookswitch.journal_head h LEFT JOIN LATERAL (
    SELECT ${ENTRY_COLUMNS} FROM hookswitch.entries WHERE "offset" > $1 AND "offset" <= $2 ORDER BY "offset" LIMIT $3
  ) entry ON true
  WHERE h.id = 1 ORDER BY entry."offset"`;

/**
 * Every node runs this after every commit of another node. A named statement is planned once per connection.
 */
const READ_TAIL: PreparedStatement = {name: 'read-tail', text: SELECT_ENTRIES};

export async function readTail(
  query: (statement: PreparedStatement, values: readonly unknown[]) => Promise<readonly Row[]>,
  after: Offset,
): Promise<TailPage> {
  const rows = await query(READ_TAIL, [after, Number.MAX_SAFE_INTEGER, TAIL_PAGE]);
  const [head] = rows;
  if (head === undefined) throw new Error('the journal has no head row');
  const entries = rows.filter((row) => row['offset'] !== null).map(entryOf);
  return {
    origin: originOf(head),
    head: numberOf(head['head']),
    trimmedTo: numberOf(head['trimmed_to']),
    entries,
    more: entries.length === TAIL_PAGE,
  };
}

export async function readEntries(
  query: Query,
  after: Offset,
  upTo: Offset,
  limit: number,
): Promise<{readonly origin: Origin; readonly result: ReadResult}> {
  // The same statement reads `trimmed_to`, because a trim between two statements would leave a gap in the
  // page.
  const rows = await query(SELECT_ENTRIES, [after, upTo, limit]);
  const origin = originOf(rows[0]);
  const trimmedTo = numberOf(rows[0]?.['trimmed_to']);
  if (after < trimmedTo) return {origin, result: {kind: 'too-old', oldest: trimmedTo}};
  const entries = rows.filter((row) => row['offset'] !== null).map(entryOf);
  return {origin, result: {kind: 'entries', entries}};
}

export async function activeCalls(
  query: Query,
): Promise<{readonly origin: Origin; readonly result: ActiveCalls}> {
  const rows = await query(
    `SELECT ${ORIGIN}, ${HEAD_OFFSET} AS head, c.record FROM hookswitch.journal_head h
     LEFT JOIN hookswitch.calls c ON c.ended_at IS NULL WHERE h.id = 1 ORDER BY c.first_offset`,
  );
  return {
    origin: originOf(rows[0]),
    result: {
      offset: numberOf(rows[0]?.['head']),
      calls: rows.filter((row) => row['record'] !== null).map((row) => callOf(row['record'])),
    },
  };
}

function originOf(head: Row | undefined): Origin {
  return {
    epoch: textOf(head?.['epoch']),
    timeline: textOf(head?.['timeline']),
    systemIdentifier: textOf(head?.['system_identifier']),
  };
}

export async function findCall(query: Query, callSid: string): Promise<CallRecord | undefined> {
  const [row] = await query('SELECT record FROM hookswitch.calls WHERE call_sid = $1', [callSid]);
  return row === undefined ? undefined : callOf(row['record']);
}

export async function callHistory(query: Query, callSid: string): Promise<CallHistory | undefined> {
  const rows = await query(
    `WITH family AS (
       SELECT call_sid, first_offset, record FROM hookswitch.calls WHERE call_sid = $1
       UNION ALL
       SELECT call_sid, first_offset, record FROM hookswitch.calls
         WHERE parent_call_sid = $1 AND parent_call_sid IS NOT NULL
     )
     SELECT 'call' AS kind, first_offset AS "offset", call_sid, record, NULL AS event, NULL AS verdict, NULL AS owner,
       NULL AS call, NULL AS parameters, 0 AS repeats FROM family
     UNION ALL
     SELECT 'entry', e."offset", e.call_sid, NULL, e.event, e.verdict, e.owner, e.call, e.parameters, e.repeats
       FROM hookswitch.entries e WHERE e.call_sid IN (SELECT call_sid FROM family)
     ORDER BY "offset"`,
    [callSid],
  );
  const calls = rows.filter((row) => row['kind'] === 'call');
  const own = calls.find((row) => row['call_sid'] === callSid);
  if (own === undefined) return undefined;
  return {
    call: callOf(own['record']),
    legs: calls.filter((row) => row !== own).map((row) => callOf(row['record'])),
    entries: rows.filter((row) => row['kind'] === 'entry').map(evidenceOf),
  };
}

/** An entry whose event has its parameters again. */
function evidenceOf(row: Readonly<Record<string, unknown>>): HistoryEntry {
  const entry = entryOf(row);
  const repeats = numberOf(row['repeats']);
  const {event} = entry;
  if (row['parameters'] === null || event.kind !== 'status') return {...entry, repeats};
  const parameters = JSON.parse(textOf(row['parameters'])) as Record<string, string>;
  return {...entry, event: {...event, parameters}, repeats};
}

export async function callStatistics(
  query: Query,
  {fromHour, toHour, owner}: StatisticsQuery,
): Promise<readonly HourOfCalls[]> {
  const rows = await query(
    `SELECT hour, answered, completed, busy, no_answer AS "no-answer", canceled, failed
     FROM hookswitch.call_statistics WHERE audience = $1 AND hour >= $2 AND hour < $3
       AND completed + busy + no_answer + canceled + failed > 0 ORDER BY hour`,
    [statisticsVisibility(owner), fromHour, toHour],
  );
  return rows.map((row) => ({
    hour: numberOf(row['hour']),
    answered: numberOf(row['answered']),
    completed: numberOf(row['completed']),
    busy: numberOf(row['busy']),
    'no-answer': numberOf(row['no-answer']),
    canceled: numberOf(row['canceled']),
    failed: numberOf(row['failed']),
  }));
}

export async function findIntent(query: Query, reference: string): Promise<DialIntentRecord | undefined> {
  const [row] = await query('SELECT intent, state, call_sid FROM hookswitch.intents WHERE reference = $1', [
    reference,
  ]);
  return row === undefined ? undefined : intentOf(row);
}

export async function findIntentByKey(
  query: Query,
  {
    user,
    idempotencyKey,
    since,
  }: {readonly user: string; readonly idempotencyKey: string; readonly since: number},
): Promise<DialIntentRecord | undefined> {
  const [row] = await query(
    `SELECT intent, state, call_sid FROM hookswitch.intents
     WHERE "user" = $1 AND idempotency_key = $2 AND created_at >= $3 AND state <> 'rejected'
     ORDER BY created_at LIMIT 1`,
    [user, idempotencyKey, since],
  );
  return row === undefined ? undefined : intentOf(row);
}
