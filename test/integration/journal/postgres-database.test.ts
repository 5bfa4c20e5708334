import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {PostgresDatabase, type PostgresDatabaseOptions} from '../../../src/postgres/postgres-database.ts';
import {databaseOf, postgresServer} from '../../support/postgres/postgres.ts';

function open(t: TestContext, url: string, options: Partial<PostgresDatabaseOptions> = {}): PostgresDatabase {
  const database = new PostgresDatabase({url, ...options});
  t.after(() => database.close());
  return database;
}

void test('nodes that start together on an empty database create its tables once', async (t) => {
  const url = await databaseOf(t);
  const nodes = Array.from({length: 4}, () => open(t, url));
  await Promise.all(nodes.map((node) => node.open()));
  const [node] = nodes;
  assert.ok(node);
  const rows = await node.query('SELECT id, name FROM hookswitch.migrations ORDER BY id');
  assert.deepEqual(rows[0], {id: 1, name: 'journal'});
});

void test('every table and column has a comment', async (t) => {
  const database = open(t, await databaseOf(t));
  await database.open();
  const rows = await database.query(
    `SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'hookswitch'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
       AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)`,
  );
  assert.deepEqual(rows, []);
});

void test('a migration that was edited after it was applied is refused', async (t) => {
  const url = await databaseOf(t);
  const first = open(t, url);
  await first.open();
  await first.query(`UPDATE hookswitch.migrations SET checksum = 'other' WHERE id = 1`);
  await assert.rejects(open(t, url).open(), /migration 1 \(journal\) in another form/);
});

void test('an unknown migration is ignored, so that an older node starts beside newer tables', async (t) => {
  const url = await databaseOf(t);
  const first = open(t, url);
  await first.open();
  await first.query(`INSERT INTO hookswitch.migrations (id, name, checksum) VALUES (999, 'later', '')`);
  await open(t, url).open();
});

void test('a transaction is all or nothing, and its connection stays usable', async (t) => {
  const database = open(t, await databaseOf(t), {maxConnections: 1});
  await database.query('CREATE TABLE public.numbers (n int PRIMARY KEY)');
  const insert = (n: number) => database.query('INSERT INTO public.numbers VALUES ($1)', [n]);
  await database.transaction(async (query) => {
    await query('INSERT INTO public.numbers VALUES (1)');
    await query('INSERT INTO public.numbers VALUES (2)');
  });
  const own = new Error('our own');
  await assert.rejects(
    database.transaction(async (query) => {
      await query('INSERT INTO public.numbers VALUES (3)');
      throw own;
    }),
    own,
  );
  await assert.rejects(insert(1), /could not do this/);
  const rows = await database.query('SELECT n FROM public.numbers ORDER BY n');
  assert.deepEqual(rows, [{n: 1}, {n: 2}]);
});

void test('a query that misses its deadline is refused, and its connection returns to the pool', async (t) => {
  const database = open(t, await databaseOf(t), {maxConnections: 1, maxWaiting: 2});
  const slow = [1, 2, 3].map(() => database.query('SELECT pg_sleep(0.2)'));
  await assert.rejects(database.query('SELECT 1'), /Too much is waiting for the database/);
  await Promise.all(slow);
  assert.deepEqual(await database.query('SELECT 1 AS one'), [{one: 1}]);
});

void test('a server that runs without fsync causes a warning', async (t) => {
  const warnings: string[] = [];
  const database = open(t, await databaseOf(t), {onWarning: (warning) => warnings.push(warning)});
  await database.open();
  assert.match(warnings.join('\n'), /fsync=off/);
});

void test("each connection commits synchronously, regardless of the server's default", async (t) => {
  const url = await databaseOf(t);
  const name = new URL(url).pathname.slice(1);
  await (await postgresServer()).query(`ALTER DATABASE ${name} SET synchronous_commit = 'off'`);
  const database = open(t, url);
  const [row] = await database.query(`SELECT current_setting('synchronous_commit') AS setting`);
  assert.equal(row?.['setting'], 'on');
});
