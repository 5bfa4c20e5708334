/** Several gateways on one Postgres act as one: limits, keys and lists. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {NodeInfo, SentPage, SessionPage} from '@hookswitch/protocol';
import {systemClock} from '../../../src/clock.ts';
import {startCluster} from '../../support/gateway/cluster-gateways.ts';
import type {TestGateway} from '../../support/gateway/gateway.ts';
import {PostgresServer} from '../../support/postgres/postgres.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

const BODY = {to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'};

async function sessionsAt(node: TestGateway, query = ''): Promise<SessionPage> {
  const {status, body, text} = await node.api(`/api/sessions${query}`);
  assert.equal(status, 200, text);
  return body;
}

function nodeAt(nodes: readonly TestGateway[], index: number): TestGateway {
  const node = nodes[index];
  assert.ok(node !== undefined);
  return node;
}

function statuses(answers: readonly {readonly status: number}[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const {status} of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

test('[H1] one key at three nodes at once is one dial, and one call at all nodes', async (t) => {
  const {nodes, twilio} = await startCluster(t, 3);
  const place = (node: TestGateway, key: string) =>
    node.api('/api/calls', {body: BODY, headers: {'idempotency-key': key}});
  for (const key of ['one', 'two', 'three']) {
    const answers = await Promise.all([...nodes, ...nodes].map((node) => place(node, key)));
    assert.deepEqual(statuses(answers), {201: 6}, JSON.stringify(answers));
    assert.equal(new Set(answers.map(({body}) => body.callSid)).size, 1);
    assert.equal(answers.filter(({headers}) => headers.get('idempotent-replayed') === 'true').length, 5);
  }
  assert.equal(twilio.of('create').length, 3);
});

test('[E] MAX_ACTIVE_CALLS and MAX_CALLS_PER_MINUTE apply to all nodes together', async (t) => {
  const {nodes, twilio} = await startCluster(t, 2, {env: {MAX_ACTIVE_CALLS: '3', MAX_CALLS_PER_MINUTE: '4'}});
  const [a, b] = [nodeAt(nodes, 0), nodeAt(nodes, 1)];
  const answers = await Promise.all(
    [a, b, a, b, a, b, a, b].map((node) => node.api('/api/calls', {body: BODY})),
  );
  assert.deepEqual(statuses(answers), {201: 3, 429: 5});
  const callSid = answers.find(({status}) => status === 201)?.body.callSid;
  assert.equal((await b.api(`/api/calls/${callSid}/actions`, {body: {action: 'disconnect'}})).status, 202);
  // A slot is free at both nodes once they have read about the end of its call.
  const fourth = await until(
    async () => {
      const answer = await b.api('/api/calls', {body: BODY});
      return answer.status === 201 && answer;
    },
    {what: 'the slot of the ended call to be free'},
  );
  await b.api(`/api/calls/${fourth.body.callSid}/actions`, {body: {action: 'disconnect'}});
  const refused = await until(async () => {
    const answer = await a.api('/api/calls', {body: BODY});
    return answer.body.detail?.includes('MAX_CALLS_PER_MINUTE') && answer;
  });
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) <= 15);
  assert.ok(twilio.of('create').length <= 5);
});

test('[E] MAX_SESSIONS_PER_USER counts the sessions at other nodes', async (t) => {
  const {nodes} = await startCluster(t, 2, {env: {MAX_SESSIONS_PER_USER: '2'}});
  const [a, b] = [nodeAt(nodes, 0), nodeAt(nodes, 1)];
  const first = await a.session();
  await a.session();
  await until(async () => (await sessionsAt(b)).counts.open === 2);
  assert.equal(await b.connect().closed(), 4429);
  await first.close();
  await until(async () => (await sessionsAt(b)).counts.open === 1);
  await b.session();
});

test('[E] sessions over the limit that open at both nodes at once are closed again, newest first', async (t) => {
  const {nodes} = await startCluster(t, 2, {env: {MAX_SESSIONS_PER_USER: '2'}});
  const [a, b] = [nodeAt(nodes, 0), nodeAt(nodes, 1)];
  const first = await a.session();
  // Neither node knows about the sessions that the other one accepts.
  const others = [a.connect(), b.connect()];
  const codes: number[] = [];
  for (const each of [first, ...others]) void each.closed().then((code) => codes.push(code));
  await until(() => codes.length > 0);
  await until(async () => (await sessionsAt(b)).counts.open === 2);
  const left = (await sessionsAt(a)).sessions.map(({sessionId}) => sessionId);
  assert.deepEqual(codes, [4429]);
  assert.ok(left.includes((await first.ready()).sessionId), 'the oldest sessions stay');
});

test('[H4] any node lists the sessions and nodes of all, any node shows delivered messages, and stopped nodes disappear', async (t) => {
  // Clocks that are an hour apart make no difference.
  const late = {...systemClock, now: () => systemClock.now() + 3_600_000};
  const {nodes} = await startCluster(t, 2, {clocks: [systemClock, late]});
  const [a, b] = [nodeAt(nodes, 0), nodeAt(nodes, 1)];
  const [atA, atB] = [await a.session(), await b.session()];
  const callSid = await a.place({...BODY, to: '+15550100101'});
  const received = await atB.receive('call.status', (each) => each.callSid === callSid);
  const page = await until(async () => {
    const now = await sessionsAt(a);
    const haveReceived = now.sessions.every(({offset}) => offset >= received.offset);
    return now.total === 2 && haveReceived && now.nodes?.every(({sessions}) => sessions === 1) && now;
  });
  const ids = [(await atB.ready()).sessionId, (await atA.ready()).sessionId];
  assert.deepEqual(
    page.sessions.map(({sessionId, nodeId}) => [sessionId, nodeId]),
    [
      [ids[0], 'node-2'],
      [ids[1], 'node-1'],
    ],
  );
  assert.deepEqual([page.counts.open, page.counts.opened], [2, 2]);
  const byName = (found: readonly NodeInfo[] = []) =>
    found.map(({nodeId, isSelf, sessions}) => [nodeId, isSelf, sessions]);
  assert.deepEqual(byName(page.nodes), [
    ['node-1', true, 1],
    ['node-2', false, 1],
  ]);
  for (const each of page.nodes ?? []) assert.ok(each.heartbeatAgeMs < 10_000 && each.lag < 100);
  const sent: SentPage = (await a.api(`/api/sessions/${ids[0]}/sent`)).body;
  assert.equal(sent.session.nodeId, 'node-2');
  assert.ok(sent.messages.some(({offset}) => offset === received.offset));
  const text = await until(async () => {
    const printed = await (await fetch(`${b.url}/metrics`)).text();
    return /sessions_open\{node="node-1"\} 1/.test(printed) && printed;
  });
  for (const name of ['node-1', 'node-2']) {
    assert.match(text, new RegExp(`hookswitch_node_sessions_open\\{node="${name}"\\} 1`));
    assert.match(text, new RegExp(`hookswitch_node_lag_entries\\{node="${name}"\\} \\d`));
    assert.match(text, new RegExp(`hookswitch_node_heartbeat_age_seconds\\{node="${name}"\\} [\\d.]+`));
  }
  assert.ok(a.logs.join('').includes('clock') === false);
  assert.ok(b.logs.some((line) => line.includes("this machine's clock differs from the database's clock")));
  await atB.close();
  const closed = await until(async () => {
    const answer = await a.api(`/api/sessions/${ids[0]}/sent`);
    return answer.body.session?.phase === 'closed' && answer;
  });
  assert.equal(closed.body.messages.length, sent.messages.length);
  await b.server.stop();
  const alone = await until(async () => {
    const now = await sessionsAt(a);
    return now.nodes?.length === 1 && now;
  });
  assert.deepEqual([alone.counts.open, alone.nodes?.[0]?.nodeId], [1, 'node-1']);
});

test('[J6] an answer that arrives after another node has taken over is not written', async (t) => {
  const {nodes, twilio, sql} = await startCluster(t, 2);
  const [a, b] = [nodeAt(nodes, 0), nodeAt(nodes, 1)];
  const {promise: answered, resolve: answer} = Promise.withResolvers<void>();
  const lookups: string[] = [];
  twilio.intercept = async ({operation, callSid: asked}) => {
    if (operation !== 'fetch') return undefined;
    lookups.push(asked);
    if (lookups.length === 1) await answered;
    // The result of the first look-up would end the call.
    const found = lookups.length === 1 ? {status: 'completed', duration: '7'} : {status: 'in-progress'};
    const parties = {from: '+15550100001', to: '+15005550006', direction: 'inbound'};
    return {status: 200, body: {sid: asked, ...found, ...parties}};
  };
  const callSid = someCallSid(1);
  const fields = statusFields(a, {CallSid: callSid, CallStatus: 'ringing', Direction: 'inbound'});
  assert.equal((await postWebhook(a, fields, {route: 'voice'})).status, 200);
  await until(() => lookups.length === 1, {what: 'the first node to look the call up'});
  // As if it had stood still until its lease expired.
  await sql(`UPDATE hookswitch.leases SET token = token + 1, expires_at = now() + interval '10 s',
    holder = (SELECT instance FROM hookswitch.nodes WHERE node_id = 'node-2') WHERE name = 'reconciler'`);
  await b.callIn(callSid, 'in-progress');
  answer();
  await until(() => a.logs.some((line) => line.includes('discarded the result of a look-up')));
  const {body} = await a.api(`/api/calls/${callSid}`);
  assert.deepEqual(
    body.events.map(({providerStatus}: {providerStatus: string}) => providerStatus),
    ['ringing', 'in-progress'],
  );
  assert.equal(lookups.length, 2);
});

test('[J6] [N3] calls that are looked up by list are confirmed and corrected at all nodes', async (t) => {
  const {nodes, twilio} = await startCluster(t, 2);
  const [a, b] = [nodeAt(nodes, 0), nodeAt(nodes, 1)];
  const sids = Array.from({length: 20}, (_, number) => someCallSid(0x100 + number));
  let answered = false;
  let ready = false;
  twilio.intercept = ({operation, path}) => {
    if (operation !== 'list' || !ready) return {status: 500, body: {}};
    const isShown =
      new URLSearchParams(path.split('?')[1]).get('Status') === (answered ? 'in-progress' : 'ringing');
    const status = answered ? 'in-progress' : 'ringing';
    const calls = isShown ? sids.map((sid) => ({sid, status, direction: 'inbound'})) : [];
    return {status: 200, body: {calls}};
  };
  for (const CallSid of sids) {
    const fields = statusFields(a, {CallSid, CallStatus: 'ringing', Direction: 'inbound'});
    assert.equal((await postWebhook(b, fields, {route: 'voice'})).status, 200);
  }
  const unconfirmedAt = async (node: TestGateway) =>
    (await node.api('/api/calls/unconfirmed')).body.calls.length;
  await until(async () => (await unconfirmedAt(a)) === 20 && (await unconfirmedAt(b)) === 20);
  ready = true;
  await until(async () => (await unconfirmedAt(a)) === 0);
  await until(async () => (await unconfirmedAt(b)) === 0);
  answered = true;
  for (const node of [a, b]) for (const callSid of sids) await node.callIn(callSid, 'in-progress');
});

test('[J6] a look-up by one node confirms the call at all nodes', async (t) => {
  const {nodes, twilio} = await startCluster(t, 2);
  const [a, b] = [nodeAt(nodes, 0), nodeAt(nodes, 1)];
  const {promise: answered, resolve: answer} = Promise.withResolvers<void>();
  twilio.intercept = async ({operation, callSid: asked}) => {
    if (operation !== 'fetch') return undefined;
    await answered;
    return {status: 200, body: {sid: asked, status: 'ringing', direction: 'inbound'}};
  };
  const callSid = someCallSid(2);
  const fields = statusFields(a, {CallSid: callSid, CallStatus: 'ringing', Direction: 'inbound'});
  assert.equal((await postWebhook(b, fields, {route: 'voice'})).status, 200);
  const unconfirmedAt = async (node: TestGateway) =>
    (await node.api('/api/calls/unconfirmed')).body.calls.length;
  await until(async () => (await unconfirmedAt(a)) === 1 && (await unconfirmedAt(b)) === 1);
  answer();
  await until(async () => (await unconfirmedAt(b)) === 0);
});

test('without the database no call is placed, sessions continue, lists show the asked node, and all recovers', async (t) => {
  const server = await PostgresServer.create();
  t.after(() => server.dispose());
  const databaseUrl = await server.databaseOf(t);
  const {nodes, twilio} = await startCluster(t, 2, {databaseUrl, env: {MAX_SESSIONS_PER_USER: '5'}});
  const [a, b] = [nodeAt(nodes, 0), nodeAt(nodes, 1)];
  const [atA] = [await a.session(), await b.session()];
  await until(async () => (await sessionsAt(a)).counts.open === 2);
  await server.stop('immediate');
  const refused = await a.api('/api/calls', {body: BODY});
  assert.deepEqual([refused.status, refused.body.code], [503, 'journal_unavailable']);
  assert.equal(twilio.of('create').length, 0);
  const own = await sessionsAt(a);
  assert.deepEqual([own.onlyThisNode, own.counts.open, own.nodes], [true, 1, undefined]);
  await a.session();
  assert.equal(atA.ws.readyState, atA.ws.OPEN);
  await server.start();
  await until(
    async () => {
      const now = await sessionsAt(a);
      return now.onlyThisNode === undefined && now.counts.open === 3 && now.nodes?.length === 2;
    },
    {what: 'all sessions to be listed again', timeoutMs: 20_000},
  );
  await until(async () => (await b.api('/api/calls', {body: BODY})).status === 201, {timeoutMs: 20_000});
});
