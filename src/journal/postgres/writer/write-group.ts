/** Writes the results of all requests of one transaction in one statement. */
import type {PostgresConnection, PreparedStatement} from '../../../postgres/postgres-connection.ts';
import type {Offset} from '../../call-event.ts';
import {outcomeOf, searchText, wasAnswered, wayOf} from '../../call-facets.ts';
import {PERIOD_MS} from '../../call-list-plan.ts';
import type {GroupView} from './group-view.ts';
import {StatisticsChanges} from './statistics-changes.ts';

/**
 * Notification channel of the journal. The payload is the node that appended; it ignores its own
 * notifications.
 */
export const CHANNEL = 'hookswitch_journal';

/** Lists array parameters from number `first` on: `$1::text[], $2::bigint[] …`. */
function arrays(first: number, types: readonly string[]): string {
  return types.map((type, index) => `$${first + index}::${type}[]`).join(', ');
}

const entryTypes = ['bigint', 'text', 'text', 'text', 'integer', 'text', 'text', 'text', 'text'];
const repeatTypes = ['bigint', 'integer'];
const callTypes = [
  ...[
    'bigint',
    'text',
    'text',
    'text',
    'bigint',
    'bigint',
    'bigint',
    'text',
    'text',
    'boolean',
    'text',
    'text',
  ],
];
const intentTypes = ['text', 'text', 'text', 'text', 'text', 'bigint', 'text'];
export const statisticsTypes = [
  ...['text', 'bigint', 'bigint', 'bigint', 'bigint', 'bigint', 'bigint', 'bigint'],
];
const periodTypes = ['bigint', 'bigint', 'bigint'];

/** Adds changes to the statistics. Their columns are parameters from number `first` on. */
export function addStatistics(first: number): string {
  const counts = ['completed', 'busy', 'no_answer', 'canceled', 'failed', 'answered'];
  const sums = counts.map((name) => `${name} = call_statistics.${name} + excluded.${name}`);
  return `INSERT INTO hookswitch.call_statistics (audience, hour, ${counts.join(', ')})
    SELECT * FROM unnest(${arrays(first, statisticsTypes)})
    ON CONFLICT (audience, hour) DO UPDATE SET ${sums.join(', ')}`;
}

/** The changes, one array per column. */
export function statisticsColumns(changes: StatisticsChanges): readonly unknown[] {
  const {rows} = changes;
  return [
    rows.map(({audience}) => audience),
    rows.map(({hour}) => hour),
    ...(['completed', 'busy', 'no-answer', 'canceled', 'failed', 'answered'] as const).map((name) =>
      rows.map((row) => row[name]),
    ),
  ];
}

const changedColumns = [
  ...[
    'parent_call_sid',
    'owner',
    'ended_at',
    'updated_at',
    'created_at',
    'way',
    'outcome',
    'answered',
    'search',
    'record',
  ],
];

const ENTRIES = 1;
const REPEATS = ENTRIES + entryTypes.length;
const CALLS = REPEATS + repeatTypes.length;
const INTENTS = CALLS + callTypes.length;
const STATISTICS = INTENTS + intentTypes.length;
const PERIODS = STATISTICS + statisticsTypes.length;
const PROBED = PERIODS + periodTypes.length;
const NODE = PROBED + 1;

// Each part writes a different table, so it does not matter that all parts see the same snapshot.
const WRITE: PreparedStatement = {
  name: 'write-group',
  text: `WITH
    new_entries AS (
      INSERT INTO hookswitch.entries
        ("offset", dedupe_key, call_sid, verdict, repeats, owner, event, call, parameters)
      SELECT * FROM unnest(${arrays(ENTRIES, entryTypes)})
    ),
    repeated AS (
      UPDATE hookswitch.entries e SET repeats = e.repeats + again.times
      FROM unnest(${arrays(REPEATS, repeatTypes)}) AS again ("offset", times) WHERE e."offset" = again."offset"
    ),
    changed_calls AS (
      INSERT INTO hookswitch.calls (first_offset, call_sid, ${changedColumns.join(', ')})
      SELECT * FROM unnest(${arrays(CALLS, callTypes)})
      ON CONFLICT (call_sid) DO UPDATE SET ${changedColumns.map((name) => `${name} = excluded.${name}`).join(', ')}
    ),
    changed_intents AS (
      INSERT INTO hookswitch.intents
        (reference, "user", idempotency_key, state, call_sid, created_at, intent)
      SELECT * FROM unnest(${arrays(INTENTS, intentTypes)})
      ON CONFLICT (reference) DO UPDATE SET state = excluded.state, call_sid = excluded.call_sid
    ),
    counted AS (${addStatistics(STATISTICS)}),
    periods AS (
      INSERT INTO hookswitch.call_periods (period, first_offset, last_offset)
      SELECT * FROM unnest(${arrays(PERIODS, periodTypes)})
      ON CONFLICT (period) DO UPDATE SET
        first_offset = least(call_periods.first_offset, excluded.first_offset),
        last_offset = greatest(call_periods.last_offset, excluded.last_offset)
    ),
    probed AS (UPDATE hookswitch.journal_head SET probes = probes + 1 WHERE id = 1 AND $${PROBED}::boolean)
    SELECT CASE WHEN cardinality($${ENTRIES}::bigint[]) > 0 THEN pg_notify('${CHANNEL}', $${NODE}::text) END`,
};

export async function writeGroup(
  connection: PostgresConnection,
  view: GroupView,
  node: string,
): Promise<void> {
  const calls = [...view.changedCalls()];
  const statistics = new StatisticsChanges();
  for (const change of calls) statistics.add(change);
  await connection.query(WRITE, [
    ...entryColumns(view),
    [...view.repeats.keys()],
    [...view.repeats.values()],
    ...callColumns(calls),
    ...intentColumns(view),
    ...statisticsColumns(statistics),
    ...periodColumns(calls),
    view.probed,
    node,
  ]);
}

function entryColumns({newEntries}: GroupView): readonly unknown[] {
  return [
    newEntries.map(({entry}) => entry.offset),
    newEntries.map(({entry}) => entry.event.dedupeKey),
    newEntries.map(({entry}) => entry.event.callSid),
    newEntries.map(({entry}) => entry.verdict),
    newEntries.map(({repeats}) => repeats),
    newEntries.map(({entry}) => entry.owner ?? null),
    newEntries.map(({event}) => event),
    newEntries.map(({call}) => call),
    newEntries.map(({parameters}) => parameters),
  ];
}

type ChangedCalls = readonly (ReturnType<GroupView['changedCalls']> extends Generator<infer Change>
  ? Change
  : never)[];

function callColumns(calls: ChangedCalls): readonly unknown[] {
  return [
    calls.map(({after}) => after.firstOffset),
    calls.map(({after}) => after.callSid),
    calls.map(({after}) => after.parentCallSid ?? null),
    calls.map(({after}) => after.owner ?? null),
    calls.map(({after}) => after.endedAt ?? null),
    calls.map(({after}) => after.updatedAt),
    calls.map(({after}) => after.createdAt),
    calls.map(({after}) => wayOf(after.direction)),
    calls.map(({after}) => outcomeOf(after) ?? null),
    calls.map(({after}) => wasAnswered(after)),
    calls.map(({after}) => storable(searchText(after))),
    calls.map(({json}) => json),
  ];
}

function intentColumns(view: GroupView): readonly unknown[] {
  const records = [...view.changedIntents()];
  return [
    records.map(({reference}) => reference),
    records.map(({user}) => user),
    records.map(({idempotencyKey}) => idempotencyKey ?? null),
    records.map(({state}) => state),
    records.map(({callSid}) => callSid ?? null),
    records.map(({createdAt}) => createdAt),
    // The state and the call have columns of their own.
    records.map((intent) => JSON.stringify({...intent, state: undefined, callSid: undefined})),
  ];
}

/** The range of first offsets for each period. */
function periodColumns(calls: ChangedCalls): readonly unknown[] {
  const periods = new Map<number, {first: Offset; last: Offset}>();
  for (const {before, after} of calls) {
    if (before !== undefined) continue;
    const period = Math.floor(after.createdAt / PERIOD_MS);
    const {first, last} = periods.get(period) ?? {first: after.firstOffset, last: after.firstOffset};
    periods.set(period, {first: Math.min(first, after.firstOffset), last: Math.max(last, after.firstOffset)});
  }
  const rows = [...periods.values()];
  return [[...periods.keys()], rows.map(({first}) => first), rows.map(({last}) => last)];
}

/** Replaces NUL, the only character that Postgres cannot store. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}
