/** A journal of many calls, made by the database itself, for what has to cost no more with many than with few. */
import type {TestContext} from 'node:test';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {databaseOf, postgresServer} from './postgres.ts';

/** Enough for the planner to prefer an index; more take the machine longer and change no plan. */
export const CALLS = 30_000;

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

/** A database with it, that goes with the test. Without a single real event: only what tables and indexes have matters. */
export async function largeHistory(
  t: TestContext,
): Promise<{readonly url: string; readonly database: PostgresDatabase}> {
  const url = await databaseOf(t);
  const database = new PostgresDatabase({url});
  t.after(() => database.close());
  await database.open();
  // Not as one of ours, who would be stopped for taking so long.
  const server = await postgresServer();
  const name = new URL(url).pathname.slice(1);
  for (const statement of FILL.split(';')) await server.query(statement, name);
  return {url, database};
}
