/**
 * Promotes a real standby under two gateways with sessions: with lost commits, without lost commits, and with the old
 * primary coming back. No gateway and no session may keep believing in a lost history.
 */
import assert from 'node:assert/strict';
import {describe, type TestContext, test} from 'node:test';
import {PostgresJournal} from '../../src/journal/postgres/postgres-journal.ts';
import {PostgresDatabase} from '../../src/postgres/postgres-database.ts';
import {startCluster} from '../support/gateway/cluster-gateways.ts';
import type {TestGateway} from '../support/gateway/gateway.ts';
import {status} from '../support/journal/journal-events.ts';
import {PostgresPair} from '../support/postgres/postgres-standby.ts';
import {postWebhook, someCallSid, statusFields} from '../support/twilio/signed-webhook.ts';
import {until} from '../support/until.ts';
import type {TestClient} from '../support/websocket/client.ts';

const DATABASE = 'hookswitch';
/** Time until all are caught up with the new primary, also on a busy machine. */
const BACK_MS = 20_000;

async function startOnPair(t: TestContext) {
  const pair = await PostgresPair.open(DATABASE);
  t.after(() => pair[Symbol.asyncDispose]());
  const databaseUrl = pair.primary.url(DATABASE, {port: pair.databaseLink.port});
  const {nodes, twilio} = await startCluster(t, 2, {databaseUrl});
  const [a, b] = nodes;
  assert.ok(a !== undefined && b !== undefined);
  // Lookups find the calls in progress.
  twilio.intercept = ({operation, callSid}) =>
    operation === 'fetch' ? {status: 200, body: {sid: callSid, status: 'in-progress'}} : undefined;
  return {pair, a, b};
}

/** Posts a webhook that reports call `number` as answered. Resolves with the HTTP status. */
async function answered(node: TestGateway, number: number): Promise<number> {
  const fields = statusFields(node, {
    CallSid: someCallSid(number),
    CallStatus: 'in-progress',
    SequenceNumber: '2',
  });
  return (await postWebhook(node, fields)).status;
}

/** Retries the webhook until it is acknowledged, as Twilio does. */
async function acknowledged(node: TestGateway, number: number): Promise<void> {
  await until(async () => (await answered(node, number)) === 204, {
    what: `call ${number} to be acknowledged`,
    timeoutMs: BACK_MS,
  });
}

function received(client: TestClient, number: number) {
  return client.receive('call.status', ({callSid}) => callSid === someCallSid(number), BACK_MS);
}

/** Resumes from a position at a node. Resolves with the first message. */
async function resumed(node: TestGateway, position: ReturnType<TestClient['position']>) {
  const client = await node.session({resume: position});
  const {recovered, epoch} = await client.ready();
  return {client, recovered, epoch};
}

/** Call SIDs that a client has received, from its snapshot and later messages. */
function known(client: TestClient): readonly string[] {
  const snapshots = client.of('call.snapshot').flatMap(({calls}) => calls);
  const calls = [...snapshots, ...client.of('call.status')].map(({callSid}) => callSid);
  return [...new Set(calls)].toSorted();
}

/** Waits until a client has received this many calls, and asserts which ones. */
async function knows(client: TestClient, ...numbers: readonly number[]): Promise<void> {
  await until(() => known(client).length >= numbers.length, {timeoutMs: BACK_MS});
  assert.deepEqual(known(client), numbers.map(someCallSid).toSorted());
}

async function isReady(node: TestGateway): Promise<boolean> {
  return (await fetch(`${node.url}/readyz`)).ok;
}

async function countOf(server: PostgresPair['primary']): Promise<unknown> {
  const [row] = await server.query('SELECT count(*)::int AS entries FROM hookswitch.entries', DATABASE);
  return row?.['entries'];
}

// Concurrent, because these tests mostly wait for time limits and starting servers.
describe('a standby takes over', {concurrency: true}, () => {
  test('[W11] promoting a standby that lacks commits starts a new epoch with snapshots, and the old primary is refused when it comes back', async (t) => {
    const {pair, a, b} = await startOnPair(t);
    const atA = await a.session();
    const atB = await b.session();
    const early = await b.session();
    for (const number of [1, 2, 3]) await acknowledged(a, number);
    await Promise.all([atA, atB, early].map((client) => received(client, 3)));
    const {epoch} = await atA.ready();
    const kept = early.position();
    await early.close();
    await pair.waitUntilReplicated();

    // Replication stops without an error.
    pair.replication.silence();
    for (const number of [4, 5, 6]) await acknowledged(number === 5 ? b : a, number);
    await Promise.all([atA, atB].map((client) => received(client, 6)));
    const lost = atB.position();
    assert.ok(lost.offset > kept.offset);
    await pair.primary.stop('immediate');
    assert.equal(await answered(a, 7), 503);
    await pair.promote();
    pair.databaseLink.moveTo(pair.standby.port);
    await acknowledged(b, 7);

    // Connected sessions are closed, and a resume from a lost position is not recovered.
    assert.deepEqual([await atA.closed(BACK_MS), await atB.closed(BACK_MS)], [1001, 1001]);
    // The new epoch grows past the lost offset, which is now assigned to another entry.
    for (const number of [8, 9, 10]) await acknowledged(a, number);
    const resumptions = [
      await resumed(b, atA.position()),
      await resumed(a, lost),
      await resumed(b, kept),
      await resumed(a, {epoch, offset: lost.offset - 1}),
    ];
    for (const {client, recovered, epoch: now} of resumptions) {
      assert.equal(recovered, false);
      assert.notEqual(now, epoch);
      await knows(client, 1, 2, 3, 7, 8, 9, 10);
    }
    assert.equal(new Set(resumptions.map((each) => each.epoch)).size, 1);
    // A lost webhook that is sent again is a new entry, and every session receives it and later ones.
    for (const number of [4, 11]) {
      await acknowledged(a, number);
      for (const {client} of resumptions) await received(client, number);
    }

    // The old primary returns. It lacks the new entries and still considers itself the primary.
    await pair.primary.start();
    pair.databaseLink.moveTo(pair.primary.port);
    for (const node of [a, b]) {
      assert.equal(await answered(node, 12), 503);
      assert.equal(await isReady(node), false);
      await until(() => node.logs.some((line) => line.includes('it was replaced by a failover')));
      assert.equal(await answered(node, 12), 503);
    }
    assert.equal(await countOf(pair.primary), 6);
    pair.databaseLink.moveTo(pair.standby.port);
    await acknowledged(b, 12);
    // No session was closed, and none missed an entry.
    for (const {client} of resumptions) {
      assert.equal((await received(client, 12)).offset, (await received(client, 11)).offset + 1);
      assert.equal(client.closeCode, undefined);
    }
  });

  test('[J1] promoting a synchronous standby under load keeps every acknowledged webhook and starts a new epoch', async (t) => {
    const {pair, a, b} = await startOnPair(t);
    await pair.makeSynchronous();
    const session = await a.session();
    const {epoch} = await session.ready();
    const taken: number[] = [];
    let stopped = false;
    t.after(() => {
      stopped = true;
    });
    const load = [a, b].map(async (node, index) => {
      for (let number = 1000 * (index + 1); !stopped; number += 1) {
        if ((await answered(node, number)) === 204) taken.push(number);
      }
    });
    await until(() => taken.length >= 60, {timeoutMs: BACK_MS});
    await pair.primary.stop('immediate');
    await pair.promote();
    pair.databaseLink.moveTo(pair.standby.port);
    const before = taken.length;
    await until(() => taken.length >= before + 20, {timeoutMs: BACK_MS});
    stopped = true;
    await Promise.all(load);
    const rows = await pair.standby.query('SELECT call_sid FROM hookswitch.calls', DATABASE);
    const there = new Set(rows.map((row) => row['call_sid']));
    assert.deepEqual(
      taken.filter((number) => !there.has(someCallSid(number))),
      [],
    );
    // A new timeline does not tell whether commits were lost, so sessions get a snapshot.
    assert.equal(await session.closed(BACK_MS), 1001);
    const {recovered, epoch: now} = await resumed(b, session.position());
    assert.deepEqual([recovered, now === epoch], [false, false]);
  });

  test('[J1] without its synchronous standby nothing is acknowledged, so that a failover loses nothing acknowledged', async (t) => {
    const {pair, a, b} = await startOnPair(t);
    await pair.makeSynchronous();
    await acknowledged(a, 1);
    const {epoch} = await (await a.session()).ready();
    pair.replication.silence();
    assert.deepEqual(await Promise.all([answered(a, 2), answered(b, 3)]), [503, 503]);
    await pair.primary.stop('immediate');
    await pair.promote();
    pair.databaseLink.moveTo(pair.standby.port);
    for (const number of [2, 3, 4]) await acknowledged(b, number);
    for (const node of [a, b]) {
      const client = await until(async () => {
        const session = await node.session();
        return (await session.ready()).epoch !== epoch && session;
      });
      await knows(client, 1, 2, 3, 4);
    }
  });

  test('[W11] while the old primary keeps running with open connections, a node that has seen the new primary does not go back', async (t) => {
    const pair = await PostgresPair.open(DATABASE);
    t.after(() => pair[Symbol.asyncDispose]());
    const url = pair.primary.url(DATABASE, {port: pair.databaseLink.port});
    const openNode = async (applicationName: string) => {
      const journal = new PostgresJournal({database: new PostgresDatabase({url, applicationName})});
      t.after(() => journal.close());
      await journal.open();
      const epochs: string[] = [];
      journal.onEpoch(({epoch}) => epochs.push(epoch));
      return {journal, epochs};
    };
    /** Terminates connections to the old primary, as a network failure does. */
    const breakAt = (application: string) =>
      pair.primary.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '${application}'`,
      );
    const appended = (journal: PostgresJournal, callSid: string) =>
      until(() =>
        journal.append(status(callSid, 'ringing')).then(
          () => true,
          () => false,
        ),
      );
    const [all, reading, writing] = [
      await openNode('all'),
      await openNode('reading'),
      await openNode('writing'),
    ];
    const nodes = [all, reading, writing];
    await all.journal.append(status('CA1', 'ringing'));
    await pair.waitUntilReplicated();
    pair.replication.silence();
    for (const callSid of ['CA2', 'CA3', 'CA4']) await all.journal.append(status(callSid, 'ringing'));
    await until(() => nodes.every(({journal}) => journal.head() === 4));

    await pair.promote();
    pair.databaseLink.moveTo(pair.standby.port, {before: 'stay'});
    // One node moves to the new primary completely. Of the others, only the readers move, or only the writer.
    await breakAt('all%');
    await appended(all.journal, 'CA5');
    assert.equal(all.journal.head(), 2);
    await breakAt('reading');
    await breakAt('reading tail');
    await until(() => reading.epochs.length > 0);
    await assert.rejects(reading.journal.append(status('CA6', 'ringing')), /replaced by a failover/);
    await appended(reading.journal, 'CA6');
    await breakAt('writing writer');
    await appended(writing.journal, 'CA7');
    for (const [index, {journal}] of nodes.entries()) await appended(journal, `CA-last-${index}`);

    const expected = [1, 2, 3, 4, 5, 6, 7];
    await until(() => nodes.every(({journal}) => journal.head() === expected.length));
    for (const {journal, epochs} of nodes) {
      const page = await journal.read(0, 100);
      assert.ok(page.kind === 'entries');
      assert.deepEqual(
        page.entries.map(({event}) => event.callSid),
        ['CA1', 'CA5', 'CA6', 'CA7', 'CA-last-0', 'CA-last-1', 'CA-last-2'],
      );
      assert.equal((await journal.activeCalls()).calls.length, expected.length);
      // Each node announced the new epoch once, and all the same.
      assert.deepEqual(epochs, all.epochs);
      assert.equal(epochs.length, 1);
    }
    assert.equal(await countOf(pair.primary), 4);
  });
});
