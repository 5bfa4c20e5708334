/** Queries over ten million calls must use an index. The tests check plans, not times, on generated rows. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {listCalls} from '../../../src/journal/postgres/reader/call-list-queries.ts';
import * as queries from '../../../src/journal/postgres/reader/reader-queries.ts';
import type {CallQuery} from '../../../src/journal/queryable-journal.ts';
import type {Query} from '../../../src/postgres/postgres-database.ts';
import {status} from '../../support/journal/journal-events.ts';
import {createNode} from '../../support/journal/journal-postgres-fixture.ts';
import {postgresServer} from '../../support/postgres/postgres.ts';
import {largeHistory} from '../../support/postgres/postgres-history.ts';
import {until} from '../../support/until.ts';

void test('every list, history and read of a large journal uses an index', async (t) => {
  const {database} = await largeHistory(t);
  const plans: string[] = [];
  /** Runs each statement of the journal, and explains it alongside. Sequential scans are allowed here. */
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
  assert.match(
    await indexesOf(() => queries.readTail(({text}, values) => explained(text, values), 29_990)),
    /entries_pkey/,
  );
});

void test('appends to a journal that was never analyzed read no call but their own', async (t) => {
  const server = await postgresServer();
  const url = await server.databaseOf(t);
  const name = new URL(url).pathname.slice(1);
  const journal = createNode(url);
  await journal.open();
  await server.query('ALTER TABLE hookswitch.calls SET (autovacuum_enabled = off)', name);
  const sids = Array.from({length: 3000}, (_call, number) => someSid(number));
  await Promise.all(sids.map((callSid) => journal.append(status(callSid, 'initiated'))));
  for (const callSid of sids.slice(0, 60)) await journal.append(status(callSid, 'ringing'));
  // A session reports its statistics when it ends.
  await journal.close();
  const read = await until(async () => {
    const rows = await server.query(
      `SELECT indexrelname AS index, idx_tup_read AS read FROM pg_stat_user_indexes WHERE relname = 'calls'`,
      name,
    );
    const counts = new Map(rows.map((row) => [String(row['index']), Number(row['read'])]));
    return (counts.get('calls_call_sid_key') ?? 0) >= 30 ? counts : undefined;
  });
  const others = [...read].filter(([index]) => index !== 'calls_call_sid_key' && index !== 'calls_pkey');
  for (const [index, count] of others) assert.ok(count <= 30, `${count} rows were read through ${index}`);
});

function someSid(number: number): string {
  return `CA${number.toString(16).padStart(32, '0')}`;
}
