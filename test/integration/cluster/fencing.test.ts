/**
 * Two nodes on one real database. One was paused while the other took over its duty, so it must write
 * nothing.
 */
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {Client} from 'pg';
import {pino} from 'pino';
import {PostgresCluster} from '../../../src/cluster/postgres/postgres-cluster.ts';
import {status} from '../../support/journal/journal-events.ts';
import {createNode} from '../../support/journal/journal-postgres-fixture.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {databaseOf} from '../../support/postgres/postgres.ts';
import {until} from '../../support/until.ts';

async function nodeOn(t: TestContext, url: string, nodeId: string) {
  const clock = new ManualClock();
  const journal = createNode(url);
  const cluster = new PostgresCluster({url, nodeId, version: '1', clock, logger: pino({level: 'silent'})});
  t.after(() => Promise.all([cluster.stop(), journal.close()]));
  const lease = cluster.lease('reconciler');
  await journal.open();
  await cluster.start(() => ({
    ...{head: 0, openSessions: 0, laggingSessions: 0, openedSessions: 0, closes: []},
  }));
  return {clock, journal, lease};
}

/** `a` holds the lease and stands still from now on. `takeOver` makes `b` take the lease after its expiry. */
async function pausedHolder(t: TestContext) {
  const url = await databaseOf(t);
  const [a, b] = [await nodeOn(t, url, 'a'), await nodeOn(t, url, 'b')];
  const [console, observer] = [await clientOf(t, url), await clientOf(t, url)];
  const fence = await a.lease.confirm();
  assert.ok(fence?.name === 'reconciler' && fence.token === 1 && fence.holder !== undefined);
  const takeOver = async () => {
    await observer.query(EXPIRE);
    b.clock.advance(1000);
    await until(() => b.lease.held);
    const taken = await b.lease.confirm();
    assert.ok(taken?.token === 2);
    return taken;
  };
  return {a, b, console, observer, fence, takeOver};
}

const EXPIRE = `UPDATE hookswitch.leases SET expires_at = now() - interval '1 ms'`;

async function clientOf(t: TestContext, url: string): Promise<Client> {
  const client = new Client({connectionString: url});
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.end());
  return client;
}

void test('[J6] a holder that was paused after its check appends nothing with its stale token', async (t) => {
  const {a, b, fence, takeOver} = await pausedHolder(t);
  const taken = await takeOver();
  assert.equal(a.lease.held, true, 'by its own clock');
  assert.deepEqual(await a.journal.appendFenced(status('CA1', 'completed'), fence), {kind: 'stale'});
  assert.equal(await a.journal.findCall('CA1'), undefined);
  const appended = await b.journal.appendFenced(status('CA1', 'ringing'), taken);
  assert.equal(appended.kind === 'appended' && appended.entry.offset, 1);
  assert.equal((await a.journal.findCall('CA1'))?.providerStatus, 'ringing');
});

void test("[J6] if a lease changes hands while its holder waits for the journal, the holder's token is stale", async (t) => {
  const {a, console, fence, takeOver} = await pausedHolder(t);
  await console.query('BEGIN; SELECT * FROM hookswitch.journal_head FOR UPDATE');
  // In the same group, the entry without a lease is written.
  const written = [
    a.journal.appendFenced(status('CA1', 'completed'), fence),
    a.journal.append(status('CA2', 'ringing')),
  ] as const;
  await takeOver();
  await console.query('COMMIT');
  assert.deepEqual(await written[0], {kind: 'stale'});
  assert.equal((await written[1]).entry.offset, 1);
});

void test('[J6] no takeover happens between the check of the token and the commit that it allows', async (t) => {
  const {a, b, console, observer, fence} = await pausedHolder(t);
  await observer.query(EXPIRE);
  // The transaction has checked its token and is blocked now.
  await console.query('BEGIN; LOCK TABLE hookswitch.calls IN ACCESS EXCLUSIVE MODE');
  const written = a.journal.appendFenced(status('CA1', 'completed'), fence);
  const waits = async (application: string) => {
    const {rows} = await observer.query(
      `SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'
        AND datname = current_database()`,
      [application],
    );
    return rows.length > 0;
  };
  await until(() => waits('hookswitch writer'));
  b.clock.advance(1000);
  await until(() => waits('hookswitch cluster'), {what: 'the other node to wait for the commit'});
  assert.equal(b.lease.held, false);
  await console.query('COMMIT');
  assert.equal((await written).kind, 'appended');
  await until(() => b.lease.held);
  assert.equal((await b.lease.confirm())?.token, 2);
  assert.equal((await b.journal.findCall('CA1'))?.providerStatus, 'completed');
});

void test('[J6] a token of another holder is not accepted: a failover can lose a takeover and reuse its number', async (t) => {
  const {a, observer, fence} = await pausedHolder(t);
  await observer.query('UPDATE hookswitch.leases SET holder = gen_random_uuid()');
  assert.deepEqual(await a.journal.appendFenced(status('CA1', 'completed'), fence), {kind: 'stale'});
});
