/** The gateway's session settings override the defaults of the server, the role, the database and the URL. */
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import {lockHead} from '../../../src/journal/postgres/epoch.ts';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {assertKept} from '../../../src/postgres/session-settings.ts';
import {status} from '../../support/journal/journal-events.ts';
import {createNode, openNodes} from '../../support/journal/journal-postgres-fixture.ts';
import {databaseOf, postgresServer} from '../../support/postgres/postgres.ts';
import {startStatementDroppingProxy} from '../../support/statement-dropping-proxy.ts';

function open(t: TestContext, url: string): PostgresDatabase {
  const database = new PostgresDatabase({url});
  t.after(() => database.close());
  return database;
}

/** As `SHOW` prints it. */
const expected: Readonly<Record<string, string>> = {
  synchronous_commit: 'on',
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  standard_conforming_strings: 'on',
  client_encoding: 'UTF8',
  search_path: 'hookswitch',
  timezone: 'UTC',
  idle_session_timeout: '0',
  statement_timeout: '5s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '1500ms',
  enable_seqscan: 'off',
  jit: 'off',
};

const contrary: Readonly<Record<string, string>> = {
  synchronous_commit: 'off',
  default_transaction_read_only: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  standard_conforming_strings: 'off',
  client_encoding: 'LATIN1',
  search_path: 'public',
  timezone: 'Asia/Tokyo',
  idle_session_timeout: '1h',
  statement_timeout: '1h',
  lock_timeout: '1h',
  idle_in_transaction_session_timeout: '1h',
};

for (const target of ['DATABASE', 'ROLE'] as const)
  test(`[J1] the gateway's settings override the defaults of the ${target.toLowerCase()}`, async (t) => {
    const server = await postgresServer();
    const url = await databaseOf(t);
    const name = target === 'DATABASE' ? new URL(url).pathname.slice(1) : 'contrary';
    if (target === 'ROLE') {
      await server.query(`CREATE ROLE ${name} LOGIN SUPERUSER`);
      t.after(() => server.query(`DROP ROLE IF EXISTS ${name}`));
    }
    for (const [setting, value] of Object.entries(contrary)) {
      await server.query(`ALTER ${target} ${name} SET ${setting} = '${value}'`);
    }
    const own = new URL(url);
    if (target === 'ROLE') own.username = name;
    const database = open(t, own.href);
    await database.open();
    const writer = await database.connect('writer');
    t.after(() => writer.close());
    const both = [(sql: string) => writer.query(sql), (sql: string) => database.query(sql)];
    for (const query of both) {
      const found: Record<string, unknown> = {};
      for (const setting of Object.keys(expected)) {
        const [row] = await query(`SELECT current_setting('${setting}') AS value`);
        found[setting] = row?.['value'];
      }
      assert.deepEqual(found, expected);
    }
    const node = createNode(own.href);
    t.after(() => node.close());
    await node.open();
    await node.append(status('CA1', 'ringing', {from: 'client:Zoë ☎'}));
    assert.equal((await node.findCall('CA1'))?.from, 'client:Zoë ☎');
  });

test("[J1] the URL parameter `options` reaches the server, but does not change the gateway's settings", async (t) => {
  const url = await databaseOf(t);
  const database = open(t, `${url}?options=-c%20synchronous_commit%3Doff%20-c%20geqo%3Doff`);
  await database.open();
  const rows = await database.query(
    `SELECT current_setting('synchronous_commit') AS durable, current_setting('geqo') AS geqo`,
  );
  assert.deepEqual(rows, [{durable: 'on', geqo: 'off'}]);
});

test('[J1] [C3] a server that ignores a setting is refused with its name, its actual value and a remedy', async (t) => {
  const server = await postgresServer();
  const url = await databaseOf(t);
  await server.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
  const port = await startStatementDroppingProxy(t, server.port, "SET synchronous_commit = 'on'");
  const proxiedUrl = server.url(new URL(url).pathname.slice(1), {port});
  await assert.rejects(open(t, proxiedUrl).open(), (error: unknown) => {
    assert.ok(error instanceof JournalUnavailableError);
    assert.match(
      error.message,
      /does not keep the session setting synchronous_commit.* set to "on" and reads "off"\..*acknowledged.*pool_mode=session/,
    );
    return true;
  });
  // Pool connections too: each one is checked before its first use.
  await open(t, url).open();
  await assert.rejects(
    open(t, proxiedUrl).query('SELECT 1'),
    /does not keep the session setting synchronous_commit/,
  );
});

test('[J1] a setting that is lost later is detected before the next commit', async (t) => {
  const {url} = await openNodes(t, 1);
  const connection = await open(t, url).connect('writer');
  t.after(() => connection.close());
  await connection.run(`SET synchronous_commit = 'off'`);
  await assert.rejects(lockHead(connection), /does not keep the session setting synchronous_commit/);
});

test('an unknown setting is refused, unless only newer servers have it', () => {
  const row = (name: string, setting: string) => ({name, setting});
  assertKept({jit: 'off', transaction_timeout: '0'}, [row('jit', 'off')]);
  assert.throws(() => assertKept({jit: 'off'}, []), /setting jit.* is missing/);
  assert.throws(
    () => assertKept({transaction_timeout: '0'}, [row('transaction_timeout', '5')]),
    /transaction_timeout.* reads "5"/,
  );
});
