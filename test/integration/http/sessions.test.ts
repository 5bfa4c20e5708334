/** `GET /api/sessions`: the connected sessions, page by page (H4). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {SessionInfo, SessionPage} from '@hookswitch/protocol';
import {startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {until} from '../../support/until.ts';
import {everyone} from '../websocket/session-host.ts';
import {startSessionHttp} from './session-http.ts';

async function page(gateway: TestGateway, query = ''): Promise<SessionPage> {
  const {status, body, text} = await gateway.api(`/api/sessions${query}`);
  assert.equal(status, 200, text);
  return body;
}

function idsOf({sessions}: SessionPage): readonly string[] {
  return sessions.map(({sessionId}) => sessionId);
}

test('[H4] open sessions are listed with their state, and closed ones are counted', async () => {
  await using gateway = await startGateway();
  const empty = {opening: 0, streaming: 0, reading: 0, blocked: 0, closing: 0};
  const none = {open: 0, lagging: 0, byPhase: empty, closes: [], opened: 0};
  assert.deepEqual(await page(gateway), {sessions: [], total: 0, counts: none});
  const origin = `http://localhost:${gateway.environment.port}`;
  const [stays, closes, vanishes] = [
    await gateway.session({headers: {origin}}),
    await gateway.session(),
    await gateway.session(),
  ];
  stays.send({type: 'call.subscribe', calls: [`CA${'1'.repeat(32)}`]});
  await until(() => stays.of('call.snapshot').length === 2);
  closes.ws.close(1000);
  await closes.closed();
  vanishes.terminate();
  const shown = await until(async () => {
    const now = await page(gateway);
    return now.counts.open === 1 && now;
  });
  const [session] = shown.sessions;
  const {connectedAt = '', lastActivityAt = '', address, ...rest} = session ?? {};
  assert.deepEqual(rest, {
    sessionId: (await stays.ready()).sessionId,
    user: 'operator',
    scopes: [...everyone.scopes],
    phase: 'streaming',
    subscription: [`CA${'1'.repeat(32)}`],
    offset: 0,
    lag: 0,
    unsentBytes: 0,
    origin,
    protocol: 'hookswitch.v1',
  });
  assert.match(String(address), /127\.0\.0\.1$/);
  for (const time of [connectedAt, lastActivityAt]) assert.equal(new Date(time).toISOString(), time);
  const {closes: counted, ...counts} = shown.counts;
  assert.deepEqual(counts, {open: 1, lagging: 0, byPhase: {...empty, streaming: 1}, opened: 3});
  assert.deepEqual(
    counted.toSorted((a, b) => a.code - b.code),
    [
      {code: 1000, text: 'The client closed the connection.', count: 1},
      {code: 1006, text: 'The connection broke without a close frame.', count: 1},
    ],
  );
});

test('[H4] closes are described by their codes, most frequent first', async () => {
  await using gateway = await startGateway({env: {MAX_SESSIONS_PER_USER: '10'}});
  const clients = await Promise.all(Array.from({length: 4}, () => gateway.session()));
  const [first, ...others] = clients;
  first?.ws.close(4999);
  for (const client of others) client.send('this is no message');
  for (const client of clients) await client.closed();
  const {counts} = await until(async () => {
    const now = await page(gateway);
    return now.counts.open === 0 && now;
  });
  assert.deepEqual(counts.closes, [
    {code: 4400, text: 'The message was not a JSON object.', count: 3},
    {code: 4999, text: "The client's own code.", count: 1},
  ]);
});

test('[H4] while sessions open and close, each that stays is on exactly one page, newest first', async () => {
  await using gateway = await startGateway();
  const clients = await Promise.all(Array.from({length: 120}, () => gateway.session()));
  const leaving = clients.filter((_, index) => index % 3 === 0);
  const staying = clients.filter((_, index) => index % 3 !== 0);
  const shown: SessionInfo[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const now = await page(gateway, `?limit=25${cursor === undefined ? '' : `&cursor=${cursor}`}`);
    assert.equal(now.total, now.counts.open);
    shown.push(...now.sessions);
    cursor = now.nextCursor;
    pages += 1;
    await Promise.all(leaving.splice(0, 10).map((client) => client.close()));
    await Promise.all([gateway.session(), gateway.session()]);
  } while (cursor !== undefined);
  assert.ok(pages >= 4);
  const ids = shown.map(({sessionId}) => sessionId);
  assert.equal(new Set(ids).size, ids.length, 'none twice');
  for (const client of staying) assert.ok(ids.includes((await client.ready()).sessionId), 'none missed');
  const times = shown.map(({connectedAt}) => connectedAt);
  assert.deepEqual(times, times.toSorted().reverse());
});

test('[H4] a page has 50 sessions, or as many as requested up to 200', async () => {
  await using gateway = await startGateway();
  await Promise.all(Array.from({length: 205}, () => gateway.session()));
  const lengthOf = async (query: string) => (await page(gateway, query)).sessions.length;
  assert.equal(await lengthOf(''), 50);
  assert.equal(await lengthOf('?limit=&q=&phase=&sort=&cursor='), 50);
  assert.equal(await lengthOf('?limit=7&anything=else'), 7);
  assert.equal(await lengthOf('?limit=1000000'), 200);
});

test('[H4] q searches users, addresses, origins and id prefixes, and phase filters', async () => {
  await using gateway = await startGateway();
  const origin = `http://localhost:${gateway.environment.port}`;
  const {sessionId} = await (await gateway.session({headers: {origin}})).ready();
  const other = (await (await gateway.session()).ready()).sessionId;
  const find = async (query: string) => {
    const found = await page(gateway, `?${query}`);
    assert.equal(found.total, found.sessions.length);
    assert.equal(found.counts.open, 2, 'counts include all sessions');
    return idsOf(found).toSorted();
  };
  const both = [sessionId, other].toSorted();
  assert.deepEqual(await find('q=OPERat'), both);
  assert.deepEqual(await find('q=0.0.1'), both);
  assert.deepEqual(await find(`q=%20LocalHost:${gateway.environment.port}%20`), [sessionId]);
  assert.deepEqual(await find(`q=${sessionId.slice(0, 8).toUpperCase()}`), [sessionId]);
  assert.deepEqual(await find(`q=${sessionId.slice(9)}`), []);
  assert.deepEqual(await find('q=.*'), []);
  assert.deepEqual(await find('phase=streaming'), both);
  assert.deepEqual(await find('phase=blocked'), []);
});

test('[H4] sorting by lag or unsent bytes puts a session that does not read first', async () => {
  await using http = await startSessionHttp({feedBytes: 64 * 1024});
  const {host} = http;
  const reads = [await host.session(), await host.session()];
  const slow = await host.rawSession();
  const {sessionId} = await slow.message('session.ready');
  slow.stopReading();
  for (let first = 0; host.describe(sessionId)?.phase !== 'blocked'; first += 200)
    await host.appendCalls(200, {first, to: `sip:${'x'.repeat(4000)}@example.com`});
  const head = host.journal.head();
  for (const client of reads) await client.receive('call.status', ({offset}) => offset === head);
  await host.session();
  for (const sort of ['lag', 'unsent']) {
    const {body} = await http.get(`/api/sessions?sort=${sort}&limit=1`);
    assert.equal(body.sessions[0].sessionId, sessionId, sort);
    assert.ok(body.sessions[0].lag > 0 && body.sessions[0].unsentBytes > 0);
    // The head moves between two pages and changes every lag, but no session is skipped or repeated.
    await host.append(999_999, 'ringing');
    const rest = await http.get(`/api/sessions?sort=${sort}&cursor=${body.nextCursor}`);
    assert.ok(!idsOf(rest.body).includes(sessionId));
    assert.equal(rest.body.sessions.length, 3, sort);
  }
  const {body} = await http.get('/api/sessions?phase=blocked');
  assert.deepEqual(idsOf(body), [sessionId]);
  assert.equal(body.counts.lagging, 1);
  assert.equal(body.counts.byPhase.blocked, 1);
});

test('[H4] sorting by activity puts the most recently active session first', async () => {
  await using gateway = await startGateway();
  const [quiet, loud] = [await gateway.session(), await gateway.session()];
  const first = async () => idsOf(await page(gateway, '?sort=activity'))[0];
  for (const client of [quiet, loud, quiet]) {
    const {sessionId} = await client.ready();
    await until(async () => {
      client.send({type: 'session.heartbeat'});
      return (await first()) === sessionId;
    });
  }
});

test('[H4] [H6] an invalid parameter is 400 and named', async () => {
  await using gateway = await startGateway();
  await Promise.all([gateway.session(), gateway.session()]);
  const {nextCursor = ''} = await page(gateway, '?limit=1');
  assert.notEqual(nextCursor, '');
  const wrong: Readonly<Record<string, readonly string[]>> = {
    limit: ['limit=0', 'limit=-1', 'limit=1.5', 'limit=many', 'limit=1&limit=2'],
    phase: ['phase=asleep', 'phase=closed'],
    sort: ['sort=name', 'sort=__proto__'],
    q: [`q=${'x'.repeat(257)}`, 'q=a&q=b'],
    cursor: [
      'cursor=5',
      'cursor=connected.x.y',
      `cursor=${nextCursor}&sort=lag`,
      `cursor=${'9'.repeat(5000)}`,
    ],
  };
  for (const [field, queries] of Object.entries(wrong))
    for (const query of queries)
      assertProblem(await gateway.api(`/api/sessions?${query}`), {
        status: 400,
        code: 'invalid_request',
        field,
      });
});

test('[H4] [A2] the route needs the scope sessions:read', async () => {
  await using http = await startSessionHttp({
    principals: {
      reader: {user: 'ann', scopes: new Set(['sessions:read'])},
      other: {user: 'ann', scopes: new Set(['calls:read:all', 'calls:control:all'])},
    },
  });
  assert.equal((await http.get('/api/sessions', 'reader')).status, 200);
  const refused = await http.get('/api/sessions', 'other');
  assertProblem(refused, {status: 403, code: 'forbidden'});
  assert.equal(refused.body.context.scope, 'sessions:read');
  assertProblem(await http.get('/api/sessions', 'wrong'), {status: 401, code: 'unauthorized'});
});
