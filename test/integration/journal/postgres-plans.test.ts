/** That what is asked of ten million calls goes by an index: the plans, not the time, on rows made by the database itself. */
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import type {CallQuery} from '../../../src/journal/journal.ts';
import {listCalls} from '../../../src/journal/postgres/call-list-queries.ts';
import * as queries from '../../../src/journal/postgres/reader-queries.ts';
import type {Query} from '../../../src/postgres/postgres-database.ts';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {databaseOf, postgresServer} from '../../support/postgres.ts';

/** Enough for the planner to prefer an index; more take the machine longer and change no plan. */
const CALLS = 30_000;

const FILL = `INSERT INTO hookswitch.calls (first_offset, call_sid, parent_call_sid, owner, ended_at, updated_at, created_at,
    way, outcome, answered, search, record)
  SELECT n, 'CA' || md5(n::text), CASE WHEN n % 9 = 0 THEN 'CA' || md5((n - 1)::text) END,
    CASE WHEN n % 50 = 0 THEN 'ann' WHEN n % 3 = 0 THEN 'bob' END,
    CASE WHEN n % 500 = 0 THEN NULL ELSE n * 1000 END, n * 1000, n * 1000,
    CASE WHEN n % 4 = 0 THEN 'inbound' ELSE 'outbound' END,
    CASE WHEN n % 500 = 0 THEN NULL WHEN n % 97 = 0 THEN 'busy' ELSE 'completed' END, true,
    'ca' || left(md5(n::text), 5) || ' 1555' || lpad(n::text, 7, '0') || ' 15550100002',
    -- As long as records are.
    '{"callSid":"CA' || md5(n::text) || '","rest":"' || repeat('x', 450) || '"}'
  FROM generate_series(1, ${CALLS}) AS n;
INSERT INTO hookswitch.call_periods
  SELECT created_at / 300000, min(first_offset), max(first_offset) FROM hookswitch.calls GROUP BY 1;
INSERT INTO hookswitch.entries ("offset", dedupe_key, call_sid, verdict, event)
  SELECT n, 'key-' || n, 'CA' || md5(n::text), 'applied', '{}' FROM generate_series(1, ${CALLS}) AS n;
INSERT INTO hookswitch.journal_head (id, epoch, timeline, system_identifier) VALUES (1, 'e', '', '');
VACUUM (ANALYZE) hookswitch.calls, hookswitch.entries`;

async function filled(t: TestContext): Promise<PostgresDatabase> {
  const url = await databaseOf(t);
  const database = new PostgresDatabase({url});
  t.after(() => database.close());
  await database.open();
  // Not as one of ours, who would be stopped for taking so long.
  const server = await postgresServer();
  const name = new URL(url).pathname.slice(1);
  for (const statement of FILL.split(';')) await server.query(statement, name);
  return database;
}

void test('every list, history and read of a large journal goes by an index', async (t) => {
  const database = await filled(t);
  const plans: string[] = [];
  /** Asks as the journal does, and has each statement explained beside it. Sequential scans are allowed here. */
  const explained: Query = (sql, values) =>
    database.transaction(async (query) => {
      await query('SET LOCAL enable_seqscan = on');
      const rows = await query(`EXPLAIN ${sql}`, values);
      plans.push(rows.map((row) => String(row['QUERY PLAN'])).join('\n'));
      return query(sql, values);
    });
  const indexesOf = async (run: () => Promise<unknown>) => {
    plans.length = 0;
    await run();
    const all = plans.join('\n');
    assert.doesNotMatch(all, /Seq Scan on (?:calls|entries)/, all);
    return all;
  };
  const list = (query: Partial<CallQuery>) => indexesOf(() => listCalls(explained, {limit: 50, ...query}));
  assert.match(await list({}), /calls_pkey|calls_walk/);
  assert.match(await list({state: 'active'}), /calls_in_progress/);
  assert.match(await list({state: 'active', owner: 'ann'}), /calls_in_progress/);
  assert.match(await list({owner: 'ann'}), /calls_by_owner/);
  assert.match(await list({outcomes: ['busy', 'failed']}), /calls_by_outcome/);
  assert.match(await list({text: '5550000777'}), /calls_walk/);
  assert.match(await list({text: 'CAc4ca4238a0'}), /calls_call_sid_key/);
  await list({direction: 'inbound', state: 'ended', legs: 'none'});
  await list({createdFrom: 10_000_000, createdBefore: 15_000_000, owner: 'bob', before: 14_000});
  const sid = 'CAc4ca4238a0b923820dcc509a6f75849b';
  assert.match(await indexesOf(() => queries.callHistory(explained, sid)), /entries_by_call/);
  assert.match(await indexesOf(() => queries.findCall(explained, sid)), /calls_call_sid_key/);
  assert.match(await indexesOf(() => queries.activeCalls(explained)), /calls_in_progress/);
  assert.match(await indexesOf(() => queries.readEntries(explained, 500, 29_000, 100)), /entries_pkey/);
  assert.match(await indexesOf(() => queries.readTail(explained, 29_990)), /entries_pkey/);
});
