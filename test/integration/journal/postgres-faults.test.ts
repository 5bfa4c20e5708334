/** The journal while the database is away, slow, locked by another session, or replaced by another one. */
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {test} from 'node:test';
import {Client} from 'pg';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import type {JournalOpening} from '../../../src/journal/followable-journal.ts';
import {PostgresJournal} from '../../../src/journal/postgres/postgres-journal.ts';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {START, status, wholeCall} from '../../support/journal/journal-events.ts';
import {createNode, openNodes} from '../../support/journal/journal-postgres-fixture.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {databaseOf, PASSWORD, PostgresServer, postgresServer} from '../../support/postgres/postgres.ts';
import {StallingProxy} from '../../support/postgres/stalling-proxy.ts';
import {until} from '../../support/until.ts';

void test('a transaction that another session holds open costs 2 s and a 503, and the log names that session', async (t) => {
  const faults: string[] = [];
  const {url, nodes} = await openNodes(t, 1, {onFault: ({message: text}) => faults.push(text)});
  const [node] = nodes;
  assert.ok(node);
  const holder = new Client({connectionString: url, application_name: 'somebodys console'});
  await holder.connect();
  try {
    await holder.query('BEGIN; SELECT * FROM hookswitch.journal_head FOR UPDATE');
    const startedAt = performance.now();
    const first = node.append(status('CA1', 'ringing'));
    const waiting = [first, node.append(status('CA2', 'ringing')), node.probe()];
    for (const refused of waiting) await assert.rejects(refused, JournalUnavailableError);
    // CI machines may answer later than the exact limit.
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs > 1500 && tookMs < 5000, `${tookMs} ms`);
    await until(() => faults.length > 0);
    assert.match(faults.join('\n'), /somebodys console.*is idle in transaction, in a transaction for/);
  } finally {
    await holder.end();
  }
  assert.equal((await node.append(status('CA1', 'ringing'))).entry.offset, 1);
});

void test('a node that stops within its transaction blocks the others no longer than the server allows', async (t) => {
  const {url, nodes} = await openNodes(t, 1);
  const [node] = nodes;
  assert.ok(node);
  // The remains of a paused process: a session of ours that holds the head and is silent.
  const database = new PostgresDatabase({url});
  const paused = await database.connect('writer');
  t.after(() => database.close());
  await paused.run('BEGIN; SELECT * FROM hookswitch.journal_head FOR UPDATE');
  assert.equal((await node.append(status('CA1', 'ringing'))).entry.offset, 1);
  await until(() => paused.broken !== undefined);
});

void test('[J7] a server crash loses no acknowledged entry, and the nodes recover by themselves', async (t) => {
  const server = await PostgresServer.create({fsync: true});
  t.after(() => server.dispose());
  await server.query('CREATE DATABASE journal');
  const nodes = [createNode(server.url('journal')), createNode(server.url('journal'))];
  t.after(() => Promise.all(nodes.map((node) => node.close())));
  await Promise.all(nodes.map((node) => node.open()));
  const acknowledged = new Map<string, number>();
  let stopped = false;
  let refused = 0;
  const load = nodes.map(async (node, index) => {
    for (let round = 0; !stopped; round += 1) {
      const callSid = `CA${index}-${round}`;
      try {
        const {entry} = await node.append(status(callSid, 'ringing'));
        acknowledged.set(callSid, entry.offset);
      } catch (error) {
        assert.ok(error instanceof JournalUnavailableError, String(error));
        refused += 1;
        // Twilio's retry also comes after a pause.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });
  await until(() => acknowledged.size > 40);
  await server.stop('immediate');
  await until(() => refused > 2);
  await assert.rejects(nodes[0]?.probe() ?? Promise.resolve(), JournalUnavailableError);
  await server.start();
  const before = acknowledged.size;
  await until(() => acknowledged.size > before + 40);
  stopped = true;
  await Promise.all(load);
  for (const node of nodes) {
    await until(() => node.head() >= Math.max(...acknowledged.values()));
    const page = await node.read(0, 100_000);
    assert.ok(page.kind === 'entries');
    const found = new Map(page.entries.map(({event, offset}) => [event.callSid, offset]));
    for (const [callSid, offset] of acknowledged) assert.equal(found.get(callSid), offset);
    assert.deepEqual(
      page.entries.map(({offset}) => offset),
      Array.from({length: page.entries.length}, (_, index) => index + 1),
    );
  }
});

void test('[W11] when commits that a node has seen are lost, all nodes begin the same new epoch', async (t) => {
  const openings: JournalOpening[][] = [[], []];
  const {url, nodes} = await openNodes(t, 2);
  const [a, b] = nodes;
  assert.ok(a && b);
  for (const [index, node] of nodes.entries()) node.onEpoch((opening) => openings[index]?.push(opening));
  for (let index = 0; index < 6; index += 1) await a.append(status(`CA${index}`, 'ringing'));
  await until(() => b.head() === 6);
  // A standby without the last two entries was promoted.
  const standby = new Client({connectionString: url});
  await standby.connect();
  await standby.query(
    `DELETE FROM hookswitch.entries WHERE "offset" > 4; DELETE FROM hookswitch.calls WHERE first_offset > 4;
     UPDATE hookswitch.journal_head SET timeline = '00000000'`,
  );
  await standby.end();
  const {entry} = await a.append(status('CA-new', 'ringing'));
  assert.equal(entry.offset, 5);
  await until(() => openings.every((seen) => seen.length > 0) && b.head() === 5);
  const epochs = new Set(openings.flat().map(({epoch}) => epoch));
  assert.equal(epochs.size, 1);
  const page = await b.read(4, 10);
  assert.ok(page.kind === 'entries');
  assert.deepEqual(page.entries, [entry]);
});

void test('[W11] a node that only reads also notices lost commits', async (t) => {
  const {url, nodes} = await openNodes(t, 1);
  const [node] = nodes;
  assert.ok(node);
  const begun = new Promise<JournalOpening>((resolve) => void node.onEpoch(resolve));
  for (let index = 0; index < 3; index += 1) await node.append(status(`CA${index}`, 'ringing'));
  const restored = new Client({connectionString: url});
  await restored.connect();
  await restored.query('DELETE FROM hookswitch.entries WHERE "offset" > 1');
  await restored.end();
  assert.deepEqual((await begun).lost, {expected: 3, found: 1});
  assert.equal(node.head(), 1);
});

void test('[W11] pages and calls of another history are refused, even before the node knows about it', async (t) => {
  const {url, nodes} = await openNodes(t, 1);
  for (let index = 0; index < 3; index += 1) await nodes[0]?.append(status(`CA${index}`, 'ringing'));
  // Entries from before its start are not in its memory. Its clock stands still, so every request reads the
  // database.
  const late = createNode(url, {clock: new ManualClock()});
  t.after(() => late.close());
  await late.open();
  let known = '';
  late.onEpoch(({epoch}) => {
    known = epoch;
  });
  const name = new URL(url).pathname.slice(1);
  for (const ask of [() => late.read(0, 10), () => late.activeCalls()]) {
    // The initial notification may have informed the node first, but only once. An answer always belongs to
    // its epoch.
    for (let refused = false, round = 0; !refused; round += 1) {
      assert.ok(round < 20, 'the node always knew this');
      const epoch = randomUUID();
      await (await postgresServer()).query(`UPDATE hookswitch.journal_head SET epoch = '${epoch}'`, name);
      const refusal = await ask().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : 'no error'),
      );
      if (refusal === undefined) assert.equal(known, epoch);
      else assert.match(refusal, /A new history of the journal has begun/);
      refused = refusal !== undefined;
      await until(() => known === epoch);
      await ask();
    }
  }
});

void test('a notification connection that died silently costs one poll and is replaced', async (t) => {
  const {url, nodes} = await openNodes(t, 1);
  const [writer] = nodes;
  assert.ok(writer);
  const proxy = await StallingProxy.start(Number(new URL(url).port));
  t.after(() => proxy[Symbol.asyncDispose]());
  const clock = new ManualClock();
  const faults: string[] = [];
  const behind = url.replace(/:\d+\//, `:${proxy.port}/`).replace(/\/\/[^@]*@/, `//postgres:${PASSWORD}@`);
  const node = new PostgresJournal({
    database: new PostgresDatabase({url: behind, applicationName: 'behind'}),
    clock,
    onFault: ({message: text}) => faults.push(text),
  });
  t.after(() => node.close());
  await node.open();
  const server = await postgresServer();
  const listeners = () =>
    server.query(`SELECT pid, client_port FROM pg_stat_activity WHERE application_name = 'behind listener'`);
  await until(async () => (await listeners()).length === 1);
  // This came by notification, because its clock stands still and no poll has run.
  await until(async () => {
    await writer.append(status('CA1', 'ringing', {dedupeKey: `${performance.now()}`}));
    return node.head() > 0;
  });
  const [first] = await listeners();
  proxy.stall(Number(first?.['client_port']));
  const {entry} = await writer.append(status('CA2', 'ringing'));
  clock.advance(1000);
  await until(() => node.head() >= entry.offset);
  clock.advance(4000);
  clock.advance(5000);
  await until(() => faults.some((text) => /is silent/.test(text)));
  clock.advance(100);
  await until(async () => (await listeners()).some(({pid}) => pid !== first?.['pid']));
  await until(async () => {
    const {entry: next} = await writer.append(status('CA3', 'ringing', {dedupeKey: `${performance.now()}`}));
    return node.head() >= next.offset;
  });
});

void test('with an exhausted pool, reads are refused in time and appends continue', async (t) => {
  const url = await databaseOf(t);
  const database = new PostgresDatabase({url, maxConnections: 2, maxWaiting: 4});
  const node = new PostgresJournal({database});
  t.after(() => node.close());
  await node.open();
  const slow = [1, 2].map(() => database.query('SELECT pg_sleep(1)'));
  const reads = Promise.allSettled(Array.from({length: 12}, () => node.findCall('CA1')));
  const {entry} = await node.append(status('CA1', 'ringing'));
  assert.equal(entry.offset, 1);
  const outcomes = await reads;
  const refused = outcomes.filter(({status: outcome}) => outcome === 'rejected');
  assert.ok(refused.length >= 6);
  for (const outcome of refused) {
    assert.ok(outcome.status === 'rejected' && outcome.reason instanceof JournalUnavailableError);
  }
  await Promise.all(slow);
  assert.equal((await node.findCall('CA1'))?.providerStatus, 'ringing');
});

void test('with an exhausted pool, entries of other nodes are still seen at once', async (t) => {
  const {url, nodes} = await openNodes(t, 1);
  const [other] = nodes;
  assert.ok(other);
  const database = new PostgresDatabase({url, maxConnections: 1});
  const node = new PostgresJournal({database});
  t.after(() => node.close());
  await node.open();
  let busy = true;
  const slow = database.query('SELECT pg_sleep(4)').then(() => {
    busy = false;
  });
  for (let offset = 1; offset <= 3; offset += 1) {
    await other.append(status(`CA${offset}`, 'ringing'));
    await until(() => node.head() === offset);
  }
  assert.ok(busy, 'before a connection was returned to the pool');
  await slow;
});

void test('an unreadable row affects only its own call', async (t) => {
  const {url, nodes} = await openNodes(t, 1);
  const [node] = nodes;
  assert.ok(node);
  await node.append(status('CA1', 'ringing'));
  for (const event of wholeCall('CA2')) await node.append(event);
  const client = new Client({connectionString: url});
  await client.connect();
  await client.query(`UPDATE hookswitch.calls SET record = '{'`);
  await client.end();
  const outcomes = await Promise.allSettled([
    node.append(status('CA3', 'ringing')),
    node.append(status('CA1', 'completed')),
    node.append(status('CA4', 'ringing')),
    node.trim({endedBefore: Date.now() + 1_000_000, limit: 10}),
    node.append(status('CA5', 'ringing')),
  ]);
  assert.deepEqual(
    outcomes.map(({status: outcome}) => outcome),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
  const page = await node.read(5, 10);
  assert.deepEqual(
    page.kind === 'entries' && page.entries.map(({event, offset}) => [event.callSid, offset]),
    [
      ['CA3', 6],
      ['CA4', 7],
      ['CA5', 8],
    ],
  );
});

void test('[W11] [J8] the trimmed range of one history does not apply to the next', async (t) => {
  const {url, nodes} = await openNodes(t, 1);
  const [node] = nodes;
  assert.ok(node);
  for (const callSid of ['CA1', 'CA2']) for (const event of wholeCall(callSid)) await node.append(event);
  await node.trim({endedBefore: START + 30_000, limit: 10});
  assert.deepEqual(await node.read(0, 10), {kind: 'too-old', oldest: 8});
  let epoch: string | undefined;
  node.onEpoch((opening) => {
    epoch = opening.epoch;
  });
  // Restores a backup from before all of this.
  const restored = randomUUID();
  const name = new URL(url).pathname.slice(1);
  await (await postgresServer()).query(
    `BEGIN; DELETE FROM hookswitch.entries; DELETE FROM hookswitch.calls;
     UPDATE hookswitch.journal_head SET epoch = '${restored}', trimmed_to = 0; COMMIT`,
    name,
  );
  await until(() => epoch === restored);
  await node.append(status('CA3', 'ringing'));
  const page = await node.read(0, 10);
  assert.ok(page.kind === 'entries');
  assert.deepEqual(
    page.entries.map(({offset, event}) => [offset, event.callSid]),
    [[1, 'CA3']],
  );
});
