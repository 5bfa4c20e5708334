/** Trimming old calls from a large journal: in small steps that read little, while appends continue. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {wholeCall} from '../../support/journal/journal-events.ts';
import {createNode} from '../../support/journal/journal-postgres-fixture.ts';
import {postgresServer} from '../../support/postgres/postgres.ts';
import {CALLS, largeHistory} from '../../support/postgres/postgres-history.ts';
import {until} from '../../support/until.ts';

/**
 * Rows read from the large tables by any access path. This measures work independently of the machine's load.
 */
const ROWS_READ = `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read, sum(n_tup_del)::int AS deleted
  FROM pg_stat_user_tables WHERE relname IN ('calls', 'entries')`;

void test('[J8] trimming and appending read few rows of a large journal, in transactions of at most 25 calls', async (t) => {
  const {url} = await largeHistory(t);
  const server = await postgresServer();
  const name = new URL(url).pathname.slice(1);
  const rowsRead = async () => {
    const [row] = await server.query(ROWS_READ, name);
    return {read: Number(row?.['read']), deleted: Number(row?.['deleted'])};
  };
  const node = createNode(url);
  t.after(() => node.close());
  await node.open();
  const before = await rowsRead();
  // Calls from the time of the generated rows, all of which ended long ago.
  const trimmed = await node.trim({endedBefore: (CALLS * 1000) / 2, limit: 200});
  assert.ok(trimmed >= 190 && trimmed <= 200, String(trimmed));
  for (const event of wholeCall('CA1')) await node.append(event);
  // A connection reports its statistics when it ends.
  await node.close();
  const after = await until(
    async () => {
      const now = await rowsRead();
      return now.deleted - before.deleted >= 2 * trimmed && now;
    },
    {what: 'the server to have counted the rows'},
  );
  const touched = after.read - before.read;
  t.diagnostic(`${touched} rows read to forget ${trimmed} calls of ${CALLS}`);
  // Per call and entry: find the call, find a leg or a parent, read it, and delete it.
  assert.ok(touched < 30 * trimmed, `${touched} rows read for ${trimmed} calls`);
  const batches = await server.query(
    'SELECT count(*)::int AS calls FROM hookswitch.forgotten_calls GROUP BY xmin::text',
    name,
  );
  assert.ok(batches.length >= 8, String(batches.length));
  for (const {calls} of batches) assert.ok(Number(calls) <= 25, String(calls));
});
