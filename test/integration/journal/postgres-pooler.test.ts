/**
 * A pooler between the gateway and Postgres: PgBouncer in each of its modes, with default and other settings.
 */
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {Client} from 'pg';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {startGateway} from '../../support/gateway/gateway.ts';
import {status} from '../../support/journal/journal-events.ts';
import {createNode} from '../../support/journal/journal-postgres-fixture.ts';
import {NO_PGBOUNCER, PgBouncer, type PgBouncerSettings} from '../../support/postgres/pgbouncer.ts';
import {databaseOf, PostgresServer, postgresServer} from '../../support/postgres/postgres.ts';
import {until} from '../../support/until.ts';

/** A fresh database behind its own PgBouncer. Skips the test on a machine without PgBouncer. */
async function behind(t: TestContext, settings: PgBouncerSettings = {}): Promise<string | undefined> {
  const bouncer = await PgBouncer.start(t, await postgresServer(), settings);
  if (bouncer === undefined) {
    t.skip(NO_PGBOUNCER);
    return undefined;
  }
  return bouncer.url(await databaseOf(t));
}

async function refusalOf(t: TestContext, url: string): Promise<string> {
  const database = new PostgresDatabase({url});
  t.after(() => database.close());
  const error: unknown = await database.open().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof JournalUnavailableError, String(error));
  return error.message;
}

test('[C3] a gateway starts behind PgBouncer with default settings, and follows a call', async (t) => {
  const url = await behind(t);
  if (url === undefined) return;
  await using gateway = await startGateway({env: {DATABASE_URL: url}});
  const session = await gateway.session();
  const callSid = await gateway.place({to: '+15550100101', twiml: '<Response><Hangup/></Response>'});
  await session.receive('call.status', (each) => each.callSid === callSid);
});

test('[J1] each kind of connection commits to disk, even if the pooler drops settings and its server defaults to off', async (t) => {
  const server = await PostgresServer.create({settings: {synchronous_commit: 'off'}});
  t.after(() => server.dispose());
  const bouncer = await PgBouncer.start(t, server, {
    ignore_startup_parameters: 'extra_float_digits,options',
  });
  if (bouncer === undefined) return t.skip(NO_PGBOUNCER);
  const url = bouncer.url(await server.databaseOf(t));
  const database = new PostgresDatabase({url: `${url}?options=-c%20synchronous_commit%3Doff`});
  t.after(() => database.close());
  await database.open();
  for (const purpose of ['writer', 'tail', 'listener']) {
    const connection = await database.connect(purpose);
    assert.deepEqual(
      await connection.query('SHOW synchronous_commit'),
      [{synchronous_commit: 'on'}],
      purpose,
    );
    connection.close();
  }
  assert.deepEqual(await database.query('SHOW synchronous_commit'), [{synchronous_commit: 'on'}]);
  const read = (query: (sql: string) => Promise<readonly unknown[]>) => query('SHOW synchronous_commit');
  assert.deepEqual(await database.transaction(read), [{synchronous_commit: 'on'}]);
});

test('[J1] [J7] kill -9 of Postgres behind a pooler that drops startup parameters loses no acknowledged entry', async (t) => {
  const settings = {synchronous_commit: 'off', wal_writer_delay: '10s', wal_writer_flush_after: '1GB'};
  const server = await PostgresServer.create({fsync: true, settings});
  t.after(() => server.dispose());
  const bouncer = await PgBouncer.start(t, server, {
    ignore_startup_parameters: 'extra_float_digits,options',
  });
  if (bouncer === undefined) return t.skip(NO_PGBOUNCER);
  await server.query('CREATE DATABASE journal');
  const url = bouncer.url(server.url('journal'));
  const node = createNode(url);
  await node.open();
  const sids = Array.from({length: 40}, (_, index) => `CA${index}`);
  for (const callSid of sids) await node.append(status(callSid, 'ringing'));
  await server.kill();
  await node.close();
  await server.start();
  const again = createNode(server.url('journal'));
  t.after(() => again.close());
  assert.equal((await again.open()).head, sids.length);
  const page = await again.read(0, 100);
  assert.ok(page.kind === 'entries');
  assert.deepEqual(
    page.entries.map(({event}) => ('callSid' in event ? event.callSid : undefined)),
    sids,
  );
});

const shared: readonly (readonly [string, PgBouncerSettings])[] = [
  ['transaction mode', {pool_mode: 'transaction'}],
  ['transaction mode with rotating connections', {pool_mode: 'transaction', server_round_robin: '1'}],
  ['transaction mode with a reset query', {pool_mode: 'transaction', server_reset_query_always: '1'}],
  ['statement mode', {pool_mode: 'statement'}],
];
for (const [what, settings] of shared)
  test(`[C3] a pooler in ${what} is refused with a remedy, even with many other clients`, async (t) => {
    const url = await behind(t, settings);
    if (url === undefined) return;
    for (const others of [0, 1, 2, 3]) {
      const clients = Array.from({length: others}, () => new Client({connectionString: url}));
      for (const client of clients) await client.connect();
      // All at once, so that the pooler has that many server connections to assign.
      await Promise.all(clients.map((client) => client.query('SELECT pg_sleep(0.05)')));
      assert.match(
        await refusalOf(t, url),
        /(?:\(transaction or statement mode\)|does not keep the session setting).*pool_mode=session/,
        `${others}`,
      );
      for (const client of clients) await client.end();
    }
  });

test('[J1] the gateway does not write through a pooler that was switched to transaction mode', async (t) => {
  const server = await PostgresServer.create({settings: {synchronous_commit: 'off'}});
  t.after(() => server.dispose());
  const bouncer = await PgBouncer.start(t, server, {});
  if (bouncer === undefined) return t.skip(NO_PGBOUNCER);
  const url = bouncer.url(await server.databaseOf(t));
  const node = createNode(url);
  t.after(() => node.close());
  await node.open();
  await node.append(status('CA1', 'ringing'));
  await bouncer.reconfigure(server, {pool_mode: 'transaction', server_reset_query_always: '1'});
  // Ends its session. A later write must not be acknowledged unless it reached the disk.
  await server.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hookswitch%'`,
  );
  await until(async () => {
    const refusal = await node.append(status('CA2', 'ringing')).then(
      () => assert.fail('the write was acknowledged'),
      (error: unknown) => error,
    );
    assert.ok(refusal instanceof JournalUnavailableError, String(refusal));
    return /does not keep the session setting|transaction or statement mode/.test(refusal.message);
  });
});

test('[C3] a pooler without a free connection is reported as such within seconds', async (t) => {
  const url = await behind(t, {default_pool_size: '1'});
  if (url === undefined) return;
  assert.match(
    await refusalOf(t, url),
    /did not answer.*a node needs up to 15 \(default_pool_size in PgBouncer\)/,
  );
});

test("[C3] the pooler's error message is passed on", async (t) => {
  const url = await behind(t, {max_client_conn: '1'});
  if (url === undefined) return;
  assert.match(await refusalOf(t, url), /says: SQLSTATE \w{5}: no more connections allowed/);
  const other = await behind(t);
  if (other === undefined) return;
  const options = `${other}?options=-c%20geqo%3Doff`;
  assert.match(
    await refusalOf(t, options),
    /leave options out.*SQLSTATE 08P01: unsupported startup parameter: options/,
  );
  const unknown = new URL(other);
  unknown.username = 'nobody_known';
  assert.match(
    await refusalOf(t, unknown.href),
    /as nobody_known\).*says: SQLSTATE \w{5}: .*authentication failed/,
  );
});
