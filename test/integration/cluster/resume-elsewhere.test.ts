/** A session resumes at a node that has not read yet what another node has delivered to it. */
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {systemClock} from '../../../src/clock.ts';
import {startCluster} from '../../support/gateway/cluster-gateways.ts';
import {ACCESS_KEY} from '../../support/gateway/gateway.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {PostgresServer, postgresServer} from '../../support/postgres/postgres.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {TestClient} from '../../support/websocket/client.ts';

/** How long a node waits, by its clock, for entries that another node has delivered. */
const PATIENCE_MS = 5000;

/** Two nodes. The second one receives nothing: its clock stands still, and its listener is gone. */
async function laggingNode(t: TestContext, server: PostgresServer) {
  const clock = new ManualClock(Date.now());
  const databaseUrl = await server.databaseOf(t);
  const {nodes} = await startCluster(t, 2, {databaseUrl, clocks: [systemClock, clock]});
  const [current, lagging] = nodes;
  assert.ok(current !== undefined && lagging !== undefined);
  const connect = (wsUrl: string, resume?: {epoch: string; offset: number}) => {
    const client = new TestClient(wsUrl, {token: ACCESS_KEY, ...(resume && {resume})});
    t.after(() => client.terminate());
    return client;
  };
  const [atCurrent, atLagging] = [connect(current.wsUrl), connect(lagging.wsUrl)];
  await Promise.all([atCurrent.ready(), atLagging.ready()]);
  await server.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name LIKE '%listener' AND datname = current_database()`,
    new URL(databaseUrl).pathname.slice(1),
  );
  const postStatus = async (number: number, CallStatus: string, SequenceNumber: string) => {
    const fields = statusFields(current, {CallSid: someCallSid(number), CallStatus, SequenceNumber});
    assert.equal((await postWebhook(current, fields)).status, 204);
  };
  return {current, lagging, clock, connect, atCurrent, atLagging, postStatus};
}

test('[W11] [W12] a client that resumes at a node that lags behind continues at its own position', async (t) => {
  const server = await postgresServer();
  const {lagging, connect, atCurrent, atLagging, postStatus} = await laggingNode(t, server);
  await postStatus(1, 'ringing', '1');
  await postStatus(1, 'completed', '3');
  await atCurrent.receive('call.status', ({providerStatus}) => providerStatus === 'completed');
  const position = atCurrent.position();
  // Otherwise this test would show nothing.
  assert.deepEqual(atLagging.of('call.status'), []);
  const client = connect(lagging.wsUrl, position);
  const ready = await client.ready();
  assert.deepEqual([ready.recovered, ready.offset], [true, position.offset]);
  await client.receive('session.heartbeat');
  assert.deepEqual(client.of('call.snapshot'), []);
  assert.deepEqual(client.of('call.status'), []);
  // Sessions that were already open get the entries as well.
  await until(() => atLagging.of('call.status').length === 2);
});

test('[W11] an offset that no node has delivered is detected without waiting', async (t) => {
  const server = await postgresServer();
  const {lagging, connect, atCurrent, postStatus} = await laggingNode(t, server);
  await postStatus(2, 'ringing', '1');
  await atCurrent.receive('call.status');
  const {epoch, offset} = atCurrent.position();
  // The node's clock stands still, so none of its own deadlines can have passed.
  const client = connect(lagging.wsUrl, {epoch, offset: offset + 1});
  const ready = await client.ready();
  assert.deepEqual([ready.recovered, ready.offset], [false, offset]);
  const snapshot = await client.receive('call.snapshot');
  assert.deepEqual(
    snapshot.calls.map(({callSid}) => callSid),
    [someCallSid(2)],
  );
});

test('[W11] [N5] while the database is away, such a session waits and then begins with a snapshot', async (t) => {
  const server = await PostgresServer.create();
  t.after(() => server.dispose());
  const {lagging, clock, connect, atCurrent, postStatus} = await laggingNode(t, server);
  await postStatus(3, 'ringing', '1');
  await atCurrent.receive('call.status');
  const position = atCurrent.position();
  await server.stop('immediate');
  const client = connect(lagging.wsUrl, position);
  await client.opened();
  await until(() => {
    // Tasks that the clock has started need a turn before more time passes.
    clock.advance(20);
    return client.messages.length > 0;
  });
  const waitedMs = clock.monotonic();
  assert.ok(waitedMs >= PATIENCE_MS && waitedMs < 2 * PATIENCE_MS, `waited ${waitedMs} ms`);
  const ready = await client.ready();
  assert.deepEqual([ready.recovered, ready.offset], [false, 0]);
  await server.start();
  await until(() => {
    clock.advance(100);
    return client.of('call.status').length === 1;
  });
});
