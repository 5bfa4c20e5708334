/**
 * `GET /api/sessions/:sessionId/sent`: the messages delivered to a session (H4).
 *
 * `delivered-messages-model.test.ts` proves that the content is right.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {SentPage} from '@hookswitch/protocol';
import {MAX_CLOSED_SESSIONS} from '../../../src/services/sessions/node-session-list.ts';
import {startGateway} from '../../support/gateway/gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import type {Json} from '../../support/json.ts';
import {until} from '../../support/until.ts';
import type {TestClient} from '../../support/websocket/client.ts';
import {startSessionHttp} from './session-http.ts';

function received(client: TestClient): readonly Json[] {
  return client.raw.map((text): Json => JSON.parse(text)).filter(({type}) => type === 'call.status');
}

test('[H4] a call from beginning to end is shown as delivered to an open, a resumed and a closed session', async () => {
  await using gateway = await startGateway();
  const whole = await gateway.session();
  const callSid = await gateway.place({
    to: '+15550100001',
    twiml: '<Response><Pause length="1"/></Response>',
  });
  const middle = await whole.receive('call.status', ({status}) => status === 'ringing');
  const {epoch, sessionId} = await whole.ready();
  const resumed = await gateway.session({resume: {epoch, offset: middle.offset}});
  for (const client of [whole, resumed])
    await client.receive(
      'call.status',
      (message) => message.callSid === callSid && message.status === 'completed',
    );
  const sent = async (id: string, query = ''): Promise<SentPage> =>
    (await gateway.api(`/api/sessions/${id}/sent${query}`)).body;
  const all = await sent(sessionId);
  assert.deepEqual(
    all.messages.map(({message}) => message),
    received(whole).toReversed(),
  );
  assert.equal(all.session.sessionId, sessionId);
  assert.equal(all.session.phase, 'streaming');
  assert.equal(all.from, 0);
  assert.equal(all.nextCursor, undefined);
  const part = await sent((await resumed.ready()).sessionId);
  assert.equal(part.from, middle.offset);
  assert.deepEqual(
    part.messages.map(({message}) => message),
    received(resumed).toReversed(),
  );
  const first = await sent(sessionId, '?limit=2');
  const second = await sent(sessionId, `?limit=200&before=${first.nextCursor}`);
  assert.deepEqual([...first.messages, ...second.messages], all.messages);
  assert.equal(second.nextCursor, undefined);
  await whole.close();
  const closed = await until(async () => {
    const now = await sent(sessionId);
    return now.session.phase === 'closed' && now;
  });
  assert.deepEqual(closed.messages, all.messages);
});

test('[H4] [H6] an unknown session is 404, and an invalid cursor 400', async () => {
  await using gateway = await startGateway();
  const {sessionId} = await (await gateway.session()).ready();
  for (const id of ['00000000-0000-4000-8000-000000000000', 'x', '__proto__', 'x'.repeat(5000)]) {
    const answer = await gateway.api(`/api/sessions/${id}/sent`);
    assertProblem(answer, {status: 404, code: 'not_found'});
    assert.match(answer.body.detail, /not open/);
    assert.ok(answer.text.length < 1000);
  }
  for (const before of ['0', '-1', '1.5', 'x', '9'.repeat(30), '1&before=2'])
    assertProblem(await gateway.api(`/api/sessions/${sessionId}/sent?before=${before}`), {
      status: 400,
      code: 'invalid_request',
      field: 'before',
    });
  assert.equal((await gateway.api(`/api/sessions/${sessionId}/sent?before=&limit=`)).status, 200);
  assert.equal((await gateway.api(`/api/sessions/${sessionId}/sent?before=999999999999999`)).status, 200);
});

test('[H4] only the most recently closed sessions are remembered', async () => {
  await using http = await startSessionHttp();
  const peer = {address: '', protocol: ''};
  const socket = {
    unsentBytes: 0,
    drainMark: 0,
    write: () => {},
    ping: () => {},
    close: () => {},
    terminate: () => {},
  };
  const principal = await http.host.verify('all');
  assert.ok(principal !== undefined);
  const ids: string[] = [];
  for (let left = MAX_CLOSED_SESSIONS + 1; left > 0; left -= 1) {
    const session = http.host.sessions.open({socket, principal, peer});
    http.host.sessions.handleClose(session, 1006);
    ids.push(session.id);
  }
  const [forgotten, oldest] = ids;
  assert.equal((await http.get(`/api/sessions/${forgotten}/sent`)).status, 404);
  assert.equal((await http.get(`/api/sessions/${oldest}/sent`)).status, 200);
});

test('[H4] [A2] the route needs sessions:read and calls:read:all, because it shows everybody’s calls', async () => {
  await using http = await startSessionHttp({
    principals: {
      both: {user: 'ann', scopes: new Set(['sessions:read', 'calls:read:all'])},
      sessions: {user: 'ann', scopes: new Set(['sessions:read', 'calls:read'])},
      calls: {user: 'ann', scopes: new Set(['calls:read:all'])},
    },
  });
  const session = await http.host.session({token: 'both'});
  const path = `/api/sessions/${(await session.ready()).sessionId}/sent`;
  assert.equal((await http.get(path, 'both')).status, 200);
  const expected = {sessions: 'calls:read:all', calls: 'sessions:read'};
  for (const [token, scope] of Object.entries(expected)) {
    const refused = await http.get(path, token);
    assertProblem(refused, {status: 403, code: 'forbidden'});
    assert.equal(refused.body.context.scope, scope);
    // The existence of a session is not revealed either.
    assertProblem(await http.get('/api/sessions/x/sent', token), {status: 403, code: 'forbidden'});
  }
});

test('[H4] [H6] an unreadable journal is 503', async () => {
  await using http = await startSessionHttp();
  const {sessionId} = await (await http.host.session()).ready();
  await http.host.append(1, 'ringing');
  await http.host.caughtUp();
  await http.host.journal.close();
  assertProblem(await http.get(`/api/sessions/${sessionId}/sent`), {
    status: 503,
    code: 'journal_unavailable',
  });
});
