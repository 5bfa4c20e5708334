/** The Postgres cluster adapter: two and three nodes in one process, on one real database. */
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {Client} from 'pg';
import {pino} from 'pino';
import {type Clock, systemClock} from '../../../src/clock.ts';
import type {NodeFacts} from '../../../src/cluster/cluster.ts';
import type {Admission, PlacementRequest} from '../../../src/cluster/placement-ledger.ts';
import {PostgresCluster} from '../../../src/cluster/postgres/postgres-cluster.ts';
import type {PublishedSession} from '../../../src/cluster/shared-sessions.ts';
import {databaseOf, postgresServer} from '../../support/postgres/postgres.ts';
import {until} from '../../support/until.ts';

const idle: NodeFacts = {head: 7, openSessions: 0, laggingSessions: 0, openedSessions: 0, closes: []};

/** A database with any number of nodes on it. */
async function installation(t: TestContext) {
  const url = await databaseOf(t);
  const server = await postgresServer();
  const database = new URL(url).pathname.slice(1);
  const nodes: PostgresCluster[] = [];
  t.after(() => Promise.all(nodes.map((node) => node.stop())));
  return {
    url,
    sql: (text: string) => server.query(text, database),
    node: async (
      nodeId: string,
      {clock = systemClock, facts = idle}: {clock?: Clock; facts?: NodeFacts} = {},
    ) => {
      const cluster = new PostgresCluster({
        url,
        nodeId,
        version: '1.0.0',
        clock,
        logger: pino({level: 'silent'}),
      });
      nodes.push(cluster);
      const lease = cluster.lease('reconciler');
      await cluster.start(() => facts);
      return {cluster, lease, placement: cluster.placement, sessions: cluster.sessions};
    },
  };
}

const request: PlacementRequest = {
  user: 'ann',
  perMinute: 1000,
  perMinuteOfAll: 5000,
  maxActiveCalls: 1000,
  activeCalls: 0,
  head: 7,
};

function slotOf(admission: Admission): string {
  assert.equal(admission.kind, 'admitted');
  return admission.kind === 'admitted' ? admission.slot : '';
}

function published(sessionId: string, change: Partial<PublishedSession> = {}): PublishedSession {
  return {
    sessionId,
    user: 'ann',
    scopes: ['calls:read'],
    phase: 'streaming',
    subscription: 'all',
    unsentBytes: 0,
    address: '10.0.0.1',
    protocol: 'hookswitch.v1',
    connectedAt: 1000,
    lastActivityAt: 2000,
    searchText: 'ann\n10.0.0.1\n',
    spans: [[0, 'all']],
    ...change,
  };
}

test('a lease has one holder, and a takeover raises the token so that the previous holder cannot write', async (t) => {
  const {sql, node} = await installation(t);
  const [a, b] = [await node('a'), await node('b')];
  assert.deepEqual([a.lease.held, b.lease.held], [true, false]);
  assert.equal((await a.lease.confirm())?.token, 1);
  assert.equal(await b.lease.confirm(), undefined);
  let taken = 0;
  b.lease.onAcquired(() => {
    taken += 1;
  });
  // As if `a` had stood still: its lease has expired by the database's clock, and `a` does not know.
  await sql(
    `UPDATE hookswitch.leases SET holder = gen_random_uuid(), token = 2, expires_at = now() - interval '1 ms'`,
  );
  assert.equal(a.lease.held, true);
  assert.equal(await a.lease.confirm(), undefined, 'the previous holder finds its token stale');
  assert.equal(a.lease.held, false);
  await until(() => b.lease.held || a.lease.held);
  const holder = b.lease.held ? b : a;
  assert.equal((await holder.lease.confirm())?.token, 3);
  assert.equal(taken, b.lease.held ? 1 : 0);
});

test('if several nodes see a free lease at once, one of them gets it', async (t) => {
  const {sql, node} = await installation(t);
  const nodes = await Promise.all(['a', 'b', 'c', 'd'].map((nodeId) => node(nodeId)));
  for (let token = 2; token <= 6; token += 1) {
    await sql(
      `UPDATE hookswitch.leases SET holder = gen_random_uuid(), expires_at = now() - interval '1 ms'`,
    );
    await Promise.all(nodes.map(({lease}) => lease.acquire()));
    const confirmed = await Promise.all(nodes.map(({lease}) => lease.confirm()));
    const tokens = confirmed.flatMap((fence) => (fence === undefined ? [] : [fence.token]));
    assert.deepEqual(tokens, [token]);
    // Once a node has asked the database, it no longer trusts a lease that it has lost.
    assert.equal(nodes.filter(({lease}) => lease.held).length, 1);
  }
});

test('a node whose placements all wait for a lock is not considered dead', async (t) => {
  const {url, sql, node} = await installation(t);
  const {cluster, lease, placement} = await node('a');
  const holder = new Client({connectionString: url});
  holder.on('error', () => {});
  await holder.connect();
  t.after(() => holder.end());
  await holder.query('BEGIN; SELECT * FROM hookswitch.placement_state FOR UPDATE');
  let waiting = true;
  const asked = Array.from({length: 8}, () => placement.admit(request));
  void Promise.race(asked.map((each) => each.catch(() => {}))).then(() => {
    waiting = false;
  });
  await until(async () => {
    const rows = (await sql(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )) as readonly unknown[];
    return rows.length >= 3;
  });
  assert.equal((await lease.confirm())?.token, 1);
  assert.ok(waiting && cluster.connected);
  await holder.query('ROLLBACK');
  await Promise.allSettled(asked);
});

test('a node that stops releases its lease at once', async (t) => {
  const {node} = await installation(t);
  const [a, b] = [await node('a'), await node('b')];
  await a.cluster.stop();
  await until(() => b.lease.held);
  assert.equal((await b.lease.confirm())?.token, 2);
  assert.deepEqual(
    b.cluster.nodes().map(({nodeId}) => nodeId),
    ['b'],
  );
});

test('clocks that are off by an hour in either direction change nothing, and are reported', async (t) => {
  const {node} = await installation(t);
  const skewed = (ms: number): Clock => ({...systemClock, now: () => systemClock.now() + ms});
  const [a, b] = [await node('a', {clock: skewed(3_600_000)}), await node('b', {clock: skewed(-3_600_000)})];
  assert.deepEqual([a.lease.held, b.lease.held], [true, false]);
  assert.equal((await a.lease.confirm())?.token, 1);
  await until(
    () => a.cluster.nodes().length === 2 && a.cluster.nodes().every(({clockAheadMs}) => clockAheadMs !== 0),
  );
  const [first, second] = a.cluster.nodes();
  assert.ok(Math.abs((first?.clockAheadMs ?? 0) - 3_600_000) < 5000);
  assert.ok(Math.abs((second?.clockAheadMs ?? 0) + 3_600_000) < 5000);
  for (const each of a.cluster.nodes()) assert.ok(each.heartbeatAgeMs < 5000);
  const took = await Promise.all(
    [a, b].flatMap(({placement}) => [
      placement.admit({...request, perMinute: 2}),
      placement.admit({...request, perMinute: 2}),
    ]),
  );
  assert.equal(took.filter(({kind}) => kind === 'admitted').length, 2);
});

test('[E] the last slots and allowances are not assigned twice by three concurrent nodes', async (t) => {
  const {node} = await installation(t);
  const nodes = [await node('a'), await node('b'), await node('c')];
  const ask = (change: Partial<PlacementRequest>) =>
    Promise.all(
      nodes.flatMap(({placement}) => Array.from({length: 6}, () => placement.admit({...request, ...change}))),
    );
  const admitted = (admissions: readonly Admission[], kind: Admission['kind']) => {
    const others = admissions.filter((each) => each.kind !== 'admitted');
    for (const other of others) assert.equal(other.kind, kind);
    return admissions.length - others.length;
  };
  const startedAt = performance.now();
  // On a slow machine some allowance refills in the meantime, and may be used as well.
  const assertTaken = (taken: number, allowed: number, perMinute: number) => {
    const refilled = Math.ceil(((performance.now() - startedAt) * perMinute) / 60_000);
    assert.ok(taken >= allowed && taken <= allowed + refilled, `${taken} of ${allowed}`);
  };
  assert.equal(admitted(await ask({activeCalls: 3, maxActiveCalls: 7, perMinuteOfAll: 12}), 'busy'), 4);
  assertTaken(admitted(await ask({user: 'bob', perMinute: 5, perMinuteOfAll: 12}), 'user-rate'), 5, 5);
  assertTaken(admitted(await ask({user: 'cid', perMinuteOfAll: 12}), 'all-rate'), 3, 12);
  const refused = await nodes[0]?.placement.admit({...request, user: 'bob', perMinute: 1});
  assert.ok(refused?.kind === 'user-rate' && refused.waitMs > 0 && refused.waitMs <= 60_000);
});

test('[E] a call holds its slot until the counting node has read its entry, and a node far behind does not count', async (t) => {
  const {sql, node} = await installation(t);
  const [a, b] = [await node('a'), await node('b')];
  const one = {...request, maxActiveCalls: 1};
  const slot = slotOf(await a.placement.admit(one));
  assert.equal((await b.placement.admit(one)).kind, 'busy');
  a.placement.release(slot, 9);
  await a.placement.settled();
  assert.equal(
    (await b.placement.admit({...one, head: 8})).kind,
    'busy',
    'written, but not read at that node yet',
  );
  assert.equal((await b.placement.admit({...one, head: 9, activeCalls: 1})).kind, 'busy', 'counted now');
  await sql(`UPDATE hookswitch.placement_lines SET released_at = now() - interval '1 min'`);
  assert.equal((await b.placement.admit({...one, head: 8})).kind, 'behind');
  const next = slotOf(await b.placement.admit({...one, head: 9}));
  b.placement.release(next, 0);
  await b.placement.settled();
  slotOf(await a.placement.admit({...one, head: 9}));
  await sql(`UPDATE hookswitch.placement_lines SET taken_at = now() - interval '10 min'`);
  slotOf(await b.placement.admit({...one, head: 9}));
});

test('[E] a placement that dialed nothing is refunded, up to the limit', async (t) => {
  const {node} = await installation(t);
  const {placement} = await node('a');
  const rate = {...request, perMinute: 2};
  slotOf(await placement.admit(rate));
  slotOf(await placement.admit(rate));
  assert.equal((await placement.admit(rate)).kind, 'user-rate');
  for (let times = 0; times < 4; times += 1) placement.refund(rate);
  await placement.settled();
  slotOf(await placement.admit(rate));
  slotOf(await placement.admit(rate));
  assert.equal((await placement.admit(rate)).kind, 'user-rate');
});

test('[H4] the sessions of all live nodes are listed in order, counted and searchable', async (t) => {
  const {sql, node} = await installation(t);
  const [a, b] = [await node('a'), await node('b', {facts: {...idle, head: 5}})];
  await a.sessions.publish(
    [
      published('s1', {connectedAt: 1}),
      published('s3', {connectedAt: 3, cursor: 2, phase: 'blocked', unsentBytes: 9}),
    ],
    [],
  );
  await b.sessions.publish(
    [
      published('s2', {connectedAt: 2, user: 'bob\0\ud800', searchText: 'bob\0\ud800'}),
      published('s4', {connectedAt: 3}),
    ],
    [],
  );
  const ids = async (query: Partial<Parameters<typeof a.sessions.page>[0]> = {}) =>
    (await a.sessions.page({sort: 'connected', limit: 10, ...query})).sessions.map(
      ({session}) => session.sessionId,
    );
  assert.deepEqual(await ids(), ['s3', 's4', 's2', 's1']);
  assert.deepEqual(await ids({limit: 2}), ['s3', 's4']);
  assert.deepEqual(await ids({limit: 2, after: {rank: 3, sessionId: 's3'}}), ['s4', 's2']);
  assert.deepEqual(await ids({sort: 'lag'}), ['s3', 's2', 's4', 's1']);
  assert.deepEqual(await ids({sort: 'unsent', limit: 1}), ['s3']);
  assert.deepEqual(await ids({needle: 'bob'}), ['s2']);
  assert.deepEqual(await ids({needle: 's4'}), ['s4']);
  assert.deepEqual(await ids({phase: 'blocked'}), ['s3']);
  const {total, byPhase, lagging} = await a.sessions.page({sort: 'connected', limit: 1, phase: 'blocked'});
  assert.deepEqual({total, byPhase, lagging}, {total: 1, byPhase: {streaming: 3, blocked: 1}, lagging: 1});
  const found = await a.sessions.find('s2');
  assert.deepEqual([found?.nodeId, found?.nodeHead, found?.user], ['b', 5, 'bob\0\ud800']);
  assert.equal(await a.sessions.countElsewhere('ann'), 1);
  assert.equal(await b.sessions.countElsewhere('ann'), 2);
  await a.sessions.publish([published('s1', {phase: 'closed', connectedAt: 1})], ['s3']);
  assert.deepEqual(await ids(), ['s4', 's2']);
  assert.equal((await b.sessions.find('s1'))?.phase, 'closed');
  await sql(`UPDATE hookswitch.nodes SET heartbeat_at = now() - interval '1 h' WHERE node_id = 'b'`);
  const dead = await ids();
  // It may have sent a heartbeat again by now, so that it is not dead.
  if (dead.length > 0) assert.deepEqual(dead, ['s4', 's2']);
});

test('a node that was considered dead, or whose rows a crash removed, restores all of its rows', async (t) => {
  const {sql, node} = await installation(t);
  const {cluster, sessions} = await node('a');
  let forgotten = 0;
  sessions.onDeleted(() => {
    forgotten += 1;
  });
  await sessions.publish([published('s1')], []);
  await sql('TRUNCATE hookswitch.nodes CASCADE');
  await until(() => forgotten === 1);
  assert.equal((await sessions.page({sort: 'connected', limit: 1})).total, 0);
  await sessions.publish([published('s1')], []);
  assert.equal((await sessions.page({sort: 'connected', limit: 1})).total, 1);
  assert.equal(cluster.connected, true);
});
