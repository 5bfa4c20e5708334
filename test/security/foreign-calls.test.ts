/**
 * Twenty users and twenty calls. For each user, the calls of the others do not exist on any interface (A2).
 */
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {test} from 'node:test';
import {MESSAGE_BURST} from '@hookswitch/protocol';
import {JWT_SECRET, signToken} from '../support/auth/tokens.ts';
import {startGateway, type TestGateway} from '../support/gateway/gateway.ts';
import {rawRequest} from '../support/http/http-request.ts';
import type {Json} from '../support/json.ts';
import {until} from '../support/until.ts';
import type {TestClient} from '../support/websocket/client.ts';

const USERS = 20;
/** Answered, and in progress for longer than the test takes. */
const CALL = {to: '+15550100001', twiml: '<Response><Pause length="3000"/></Response>'};

interface User {
  readonly name: string;
  readonly token: string;
  readonly callSid: string;
  /** Opened before any call. */
  readonly live: TestClient;
}

/** Batches, because a session may only send this many messages at once (W14). */
function inBursts(callSids: readonly string[]): readonly (readonly string[])[] {
  const size = MESSAGE_BURST - 5;
  return Array.from({length: Math.ceil(callSids.length / size)}, (_, at) =>
    callSids.slice(at * size, (at + 1) * size),
  );
}

function unknownSid(): string {
  return `CA${randomBytes(16).toString('hex')}`;
}

/** A response without its unique parts, and without the requested sid. */
function comparable(text: string, callSid: string): string {
  return text
    .replaceAll(callSid, 'SID')
    .replaceAll(/"(timestamp|requestId)":"[^"]+"/g, '"$1":"…"')
    .replaceAll(/"offset":\d+/g, '"offset":0');
}

async function setUp(gateway: TestGateway): Promise<readonly User[]> {
  const users = await Promise.all(
    Array.from({length: USERS}, async (_, index) => {
      const name = `user-${index}`;
      const token = signToken(name, {scope: 'calls:read calls:control'});
      const live = await gateway.session({token});
      const headers = {authorization: `Bearer ${token}`, 'idempotency-key': 'the-same-for-all'};
      // Every user sends the same key and body, and each gets a call of their own.
      const {body} = await gateway.api('/api/calls', {body: CALL, headers});
      return {name, token, live, callSid: String(body.callSid)};
    }),
  );
  assert.equal(new Set(users.map(({callSid}) => callSid)).size, USERS);
  await Promise.all(users.map(({callSid}) => gateway.callIn(callSid, 'in-progress', 30_000)));
  return users;
}

function sidsIn(messages: readonly {readonly type: string}[]): Set<string> {
  return new Set(JSON.stringify(messages).match(/CA[0-9a-f]{32}/g));
}

test('[A2] a foreign call looks like an unknown call, for 20 users and 20 calls', async (t) => {
  await using gateway = await startGateway({
    env: {AUTH_JWT_SECRET: JWT_SECRET},
    simulator: {speed: 5},
  });
  const users = await setUp(gateway);
  // An inbound call has no owner.
  const inbound = await gateway.simulator.placeInboundCall({from: '+15550100001'});
  await until(async () => (await gateway.api(`/api/calls/${inbound}`)).status === 200, {
    what: 'the inbound call',
  });
  const foreignTo = (user: User) => [
    ...users.filter((other) => other !== user).map(({callSid}) => callSid),
    inbound,
  ];

  await t.test('history and actions of a call over HTTP', async () => {
    for (const user of users) {
      const headers = {authorization: `Bearer ${user.token}`, 'content-type': 'application/json'};
      const ask = async (method: string, callSid: string) => {
        const path = `/api/calls/${callSid}${method === 'POST' ? '/actions' : ''}`;
        const body = method === 'POST' ? '{"action":"disconnect"}' : undefined;
        const answer = await rawRequest(gateway.url, {method, path, headers, body});
        const {date: _, etag: _etag, 'x-request-id': _id, ...rest} = answer.headers;
        return `${answer.status} ${JSON.stringify(rest)} ${comparable(answer.text, callSid)}`;
      };
      assert.match(await ask('GET', user.callSid), /^200 /);
      for (const method of ['GET', 'POST']) {
        const expected = await ask(method, unknownSid());
        assert.match(expected, /^404 .*call_not_found/);
        for (const callSid of foreignTo(user)) assert.equal(await ask(method, callSid), expected, user.name);
      }
    }
  });

  await t.test('the list of calls with any query', async () => {
    for (const user of users) {
      const others = users.filter((other) => other !== user);
      const cursors = ['', '&cursor=1', '&cursor=50', '&cursor=999999'];
      const queries = [
        '',
        'status=active',
        'status=ended',
        'limit=200',
        `owner=${others[0]?.name}`,
        'user=&scope=calls:read:all',
        `q=${others[0]?.callSid}`,
        'q=CA',
        'q=555',
        'direction=inbound',
        'outcome=completed',
        'from=2000-01-01T00:00:00Z',
      ];
      for (const query of queries.flatMap((each) => cursors.map((cursor) => each + cursor))) {
        const {status, body} = await gateway.api(`/api/calls?${query}`, {
          headers: {authorization: `Bearer ${user.token}`},
        });
        assert.equal(status, 200, query);
        for (const call of body.calls) assert.equal(call.callSid, user.callSid, query);
      }
      const {body} = await gateway.api('/api/calls', {headers: {authorization: `Bearer ${user.token}`}});
      assert.deepEqual(
        body.calls.map((call: Json) => call.callSid),
        [user.callSid],
      );
      assert.equal(body.nextCursor, undefined);
    }
  });

  await t.test('unconfirmed calls', async () => {
    for (const user of users) {
      const headers = {authorization: `Bearer ${user.token}`};
      const {status, body} = await gateway.api('/api/calls/unconfirmed', {headers});
      assert.equal(status, 200);
      for (const call of body.calls) assert.equal(call.callSid, user.callSid);
    }
  });

  await t.test('actions over the WebSocket', async () => {
    for (const user of users) {
      for (const callSids of inBursts(foreignTo(user))) {
        const session = await gateway.session({token: user.token});
        const act = async (callSid: string, requestId: string) => {
          session.send({type: 'call.action', action: 'disconnect', callSid, requestId});
          await session.receive('error', (error) => error.requestId === requestId);
          const raw = session.raw.find((text) => text.includes(`"requestId":"${requestId}"`)) ?? '';
          return comparable(raw, callSid).replace(/"requestId":"[^"]*"/, '');
        };
        const expected = await act(unknownSid(), 'unknown');
        assert.match(expected, /call_not_found/);
        for (const callSid of callSids) assert.equal(await act(callSid, callSid), expected);
        session.terminate();
      }
    }
  });

  await t.test('subscriptions and snapshots', async () => {
    for (const user of users) {
      for (const callSids of inBursts(foreignTo(user))) {
        const session = await gateway.session({token: user.token});
        const sids = ({calls}: {readonly calls: readonly {readonly callSid: string}[]}) =>
          calls.map(({callSid}) => callSid);
        assert.deepEqual(sids(await session.receive('call.snapshot')), [user.callSid]);
        const subscribe = async (calls: 'all' | readonly string[], requestId: string) => {
          session.send({type: 'call.subscribe', calls, requestId});
          return session.receive('call.snapshot', (snapshot) => snapshot.requestId === requestId);
        };
        assert.deepEqual(sids(await subscribe([unknownSid()], 'unknown')), []);
        for (const callSid of callSids) assert.deepEqual(sids(await subscribe([callSid], callSid)), []);
        assert.deepEqual(sids(await subscribe(callSids, 'all of them')), []);
        assert.deepEqual(sids(await subscribe([...callSids, user.callSid], 'own among them')), [
          user.callSid,
        ]);
        session.terminate();
      }
    }
  });

  await t.test('live messages, and a resume from any offset', async () => {
    for (const user of users) {
      assert.deepEqual(sidsIn(user.live.messages), new Set([user.callSid]));
      assert.ok(user.live.of('call.status').length >= 3);
      const {epoch, offset} = user.live.position();
      for (const from of [0, Math.floor(offset / 2), offset, offset + 1000]) {
        const session = await gateway.session({token: user.token, resume: {epoch, offset: from}});
        session.send({type: 'call.subscribe', calls: 'all', requestId: 'after'});
        await session.receive('call.snapshot', ({requestId}) => requestId === 'after');
        assert.deepEqual(sidsIn(session.messages), new Set([user.callSid]), `from ${from}`);
        if (from === 0)
          assert.deepEqual(
            session.of('call.status').map((message) => message.offset),
            user.live.of('call.status').map((message) => message.offset),
          );
        session.terminate();
      }
    }
  });

  await t.test('no request affected a foreign call, and each user ends their own', async () => {
    for (const {token, callSid} of users) {
      const headers = {authorization: `Bearer ${token}`};
      const {body} = await gateway.api(`/api/calls/${callSid}`, {headers});
      assert.equal(body.providerStatus, 'in-progress');
      assert.ok(body.events.every((event: Json) => event.kind !== 'command'));
      const action = await gateway.api(`/api/calls/${callSid}/actions`, {
        body: {action: 'disconnect'},
        headers,
      });
      assert.equal(action.status, 202);
    }
    for (const {live, callSid} of users) {
      await live.receive('call.status', (message) => message.status === 'completed');
      await until(() => sidsIn(live.messages).size === 1, {what: 'nothing but its own'});
      assert.deepEqual(sidsIn(live.messages), new Set([callSid]));
    }
    for (const {token} of users) {
      const headers = {authorization: `Bearer ${token}`};
      const {body} = await gateway.api('/api/calls/statistics', {headers});
      const ended = body.buckets.map((hour: Json) => hour.completed);
      assert.equal(
        ended.reduce((sum: number, each: number) => sum + each, 0),
        1,
      );
    }
  });
});
