/** Searching and counting calls, and finding unconfirmed ones (H2). Each user finds only their own. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {CallDetail, CallStatistics, UnconfirmedCalls} from '@hookswitch/protocol';
import {JWT_SECRET, signToken, type TokenOptions} from '../../support/auth/tokens.ts';
import {startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

const env = {AUTH_JWT_SECRET: JWT_SECRET};
const NOON = Date.UTC(2026, 0, 1, 12);
const FOREVER = {to: '+15550100001', timeout: 600, twiml: '<Response><Pause length="600"/></Response>'};

async function postStatus(
  gateway: TestGateway,
  number: number,
  status: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const callSid = someCallSid(0x1000 + number);
  const fields = statusFields(gateway, {CallSid: callSid, CallStatus: status, ...more});
  assert.equal((await postWebhook(gateway, fields)).status, 204);
  return callSid;
}

function bearer(user: string, scope: TokenOptions['scope'], now?: number) {
  const token = signToken(user, {
    ...(scope === undefined ? {} : {scope}),
    ...(now === undefined ? {} : {now}),
  });
  return {headers: {authorization: `Bearer ${token}`}};
}

async function found(gateway: TestGateway, query: string, init = {}): Promise<string[]> {
  const {status, body, text} = await gateway.api(`/api/calls?${query}`, init);
  assert.equal(status, 200, text);
  return body.calls.map((call: {callSid: string}) => call.callSid);
}

test('[H2] filters by text, outcome, direction, time and legs work, also in combination', async () => {
  const clock = new ManualClock(NOON);
  await using gateway = await startGateway({clock});
  const one = await postStatus(gateway, 1, 'completed', {To: '+4930123456'});
  clock.advance(60_000);
  const two = await postStatus(gateway, 2, 'no-answer', {Direction: 'inbound', From: '+4930123457'});
  const leg = await postStatus(gateway, 3, 'busy', {ParentCallSid: two, Direction: 'outbound-dial'});
  clock.advance(60_000);
  const four = await postStatus(gateway, 4, 'ringing', {To: '+4930123458'});
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['q=%2B49%2030%20123', [four, two, one]],
    ['q=30123457', [two]],
    [`q=${four.toUpperCase()}`, [four]],
    ['q=ca', [four, leg, two, one]],
    ['q=%20', [four, leg, two, one]],
    ['q=', [four, leg, two, one]],
    ['outcome=completed&outcome=busy', [leg, one]],
    ['outcome=completed,no-answer,', [two, one]],
    ['outcome=', [four, leg, two, one]],
    ['direction=inbound', [two]],
    ['direction=outbound&status=ended', [leg, one]],
    ['legs=none', [four, two, one]],
    ['from=2026-01-01T12:01:00Z', [four, leg, two]],
    ['from=2026-01-01T13:01:00%2B01:00&to=2026-01-01T12:02:00Z', [leg, two]],
    ['q=3012345&outcome=no-answer,completed&direction=outbound&status=ended&to=2026-01-01T12:01:00Z', [one]],
  ];
  for (const [query, expected] of cases) assert.deepEqual(await found(gateway, query), expected, query);
});

for (const [query, field] of [
  ['outcome=done', 'outcome'],
  ['outcome=busy,done', 'outcome'],
  ['direction=sideways', 'direction'],
  ['legs=all', 'legs'],
  ['from=yesterday', 'from'],
  ['from=2026-01-01', 'from'],
  ['to=2026-01-01T12:00:00', 'to'],
  [`q=${'1'.repeat(101)}`, 'q'],
  ['q=1&q=2', 'q'],
] as const) {
  test(`[H2] [H6] 400 for ?${query.slice(0, 30)}`, async () => {
    await using gateway = await startGateway();
    assertProblem(await gateway.api(`/api/calls?${query}`), {status: 400, code: 'invalid_request', field});
  });
}

test('[H2] [H6] a + that the query turned into a space is reported, with its correct encoding', async () => {
  await using gateway = await startGateway();
  for (const path of ['/api/calls', '/api/calls/statistics'])
    for (const field of ['from', 'to'])
      for (const zone of ['+01:00', '%2001:00', '+0100']) {
        const answer = await gateway.api(`${path}?${field}=2026-01-01T13:01:00${zone}`);
        assertProblem(answer, {status: 400, code: 'invalid_request', field});
        assert.match(answer.body.detail, /a \+ in a query means a space, so write it as %2B/);
      }
  assert.doesNotMatch((await gateway.api('/api/calls?from=yesterday')).body.detail, /%2B/);
});

test('[H2] [A2] a user finds and counts only their own calls', async () => {
  await using gateway = await startGateway({env});
  const place = async (user: string) => {
    const {status, body} = await gateway.api('/api/calls', {
      body: FOREVER,
      ...bearer(user, 'calls:read calls:control'),
    });
    assert.equal(status, 201);
    return String(body.callSid);
  };
  const callsOfAnn = await place('ann');
  const callsOfBob = await place('bob');
  for (const callSid of [callsOfAnn, callsOfBob]) {
    await gateway.callIn(callSid, 'in-progress');
    gateway.simulator.hangUp(callSid);
    await gateway.callIn(callSid, 'completed');
  }
  for (const [user, own, foreign] of [
    ['ann', callsOfAnn, callsOfBob],
    ['bob', callsOfBob, callsOfAnn],
  ] as const) {
    const as = bearer(user, 'calls:read');
    for (const query of [
      'q=555',
      'outcome=completed',
      'direction=outbound',
      'legs=none',
      'from=2020-01-01T00:00:00Z',
    ])
      assert.deepEqual(await found(gateway, query, as), [own], `${user} ${query}`);
    for (const query of [`q=${foreign}`, `q=${foreign.slice(0, 9)}`, `q=${user === 'ann' ? 'bob' : 'ann'}`])
      assert.deepEqual(await found(gateway, query, as), [], `${user} ${query}`);
    const {body} = await gateway.api('/api/calls/statistics', as);
    assert.equal(ended(body), 1);
    assertProblem(await gateway.api(`/api/calls/${foreign}`, as), {status: 404, code: 'call_not_found'});
  }
  assert.deepEqual(await found(gateway, 'q=bob'), [callsOfBob]);
  assert.equal(ended((await gateway.api('/api/calls/statistics')).body), 2);
  const none = bearer('eve', 'sessions:read');
  for (const path of ['', '/statistics', '/unconfirmed'])
    assertProblem(await gateway.api(`/api/calls${path}`, none), {status: 403, code: 'forbidden'});
});

function ended({buckets}: CallStatistics): number {
  return buckets.reduce(
    (sum, each) => sum + each.completed + each.busy + each.failed + each.canceled + each['no-answer'],
    0,
  );
}

test('[H2] statistics have each of the last 24 hours, with calls in the hour of their creation and without legs', async () => {
  const clock = new ManualClock(NOON - 3 * 3_600_000 + 1000);
  await using gateway = await startGateway({clock});
  const parent = await postStatus(gateway, 1, 'completed');
  await postStatus(gateway, 2, 'busy', {ParentCallSid: parent, Direction: 'outbound-dial'});
  await postStatus(gateway, 3, 'ringing');
  clock.advance(3_600_000);
  await postStatus(gateway, 3, 'no-answer', {SequenceNumber: '5'});
  await postStatus(gateway, 4, 'canceled');
  await postStatus(gateway, 5, 'ringing');
  const {status, body} = await gateway.api('/api/calls/statistics');
  assert.equal(status, 200);
  const {from, to, bucketMs, buckets}: CallStatistics = body;
  assert.deepEqual([from, to, bucketMs], ['2025-12-31T11:00:00.000Z', '2026-01-01T11:00:00.000Z', 3_600_000]);
  assert.equal(buckets.length, 24);
  const zero = {answered: 0, completed: 0, busy: 0, 'no-answer': 0, canceled: 0, failed: 0};
  assert.deepEqual(buckets[0], {start: '2025-12-31T11:00:00.000Z', ...zero});
  assert.deepEqual(buckets.slice(-2), [
    {start: '2026-01-01T09:00:00.000Z', ...zero, answered: 1, completed: 1, 'no-answer': 1},
    {start: '2026-01-01T10:00:00.000Z', ...zero, canceled: 1},
  ]);
  const part = await gateway.api('/api/calls/statistics?from=2026-01-01T09:59:59Z&to=2026-01-01T10:00:00Z');
  assert.deepEqual(part.body.buckets, buckets.slice(-2, -1));
});

for (const [query, field] of [
  ['from=x', 'from'],
  ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
  ['from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
  ['from=2999-01-01T00:00:00Z', 'from'],
  ['from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:01Z', 'from'],
  ['from=2020-01-01T00:00:00Z', 'from'],
] as const) {
  test(`[H2] [H6] 400 for statistics?${query}`, async () => {
    await using gateway = await startGateway();
    const answer = await gateway.api(`/api/calls/statistics?${query}`);
    assertProblem(answer, {status: 400, code: 'invalid_request', field});
  });
}

test('[H2] a range of 31 days is accepted', async () => {
  await using gateway = await startGateway();
  const {status, body} = await gateway.api(
    '/api/calls/statistics?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z',
  );
  assert.equal(status, 200);
  assert.equal(body.buckets.length, 744);
});

test('[H2] [H6] other methods on the fixed paths get 405 with Allow', async () => {
  await using gateway = await startGateway();
  for (const path of ['/api/calls/statistics', '/api/calls/unconfirmed']) {
    const answer = await gateway.api(path, {method: 'DELETE'});
    assertProblem(answer, {status: 405, code: 'method_not_allowed'});
    assert.equal(answer.headers.get('allow'), 'GET, HEAD');
    assertProblem(await gateway.api(path, {body: {}}), {status: 405, code: 'method_not_allowed'});
  }
});

test('[H2] [J6] a call that is silent for too long is listed as unconfirmed, to users who may see it, until its next event', async () => {
  const clock = new ManualClock(NOON);
  await using gateway = await startGateway({
    clock,
    env,
  });
  const reader = (user: string) => bearer(user, 'calls:read', clock.now());
  const {body: placed} = await gateway.api('/api/calls', {
    body: {...FOREVER, to: '+15550100201'},
    ...bearer('ann', 'calls:read calls:control', clock.now()),
  });
  const session = await gateway.session();
  await until(() =>
    [...session.of('call.snapshot').flatMap(({calls}) => calls), ...session.of('call.status')].some(
      (each) => each.callSid === placed.callSid && each.providerStatus === 'ringing',
    ),
  );
  const detail = async (): Promise<CallDetail> => (await gateway.api(`/api/calls/${placed.callSid}`)).body;
  const unconfirmed = async (init = {}): Promise<UnconfirmedCalls['calls']> =>
    (await gateway.api('/api/calls/unconfirmed', init)).body.calls;
  assert.equal((await detail()).unconfirmedSince, undefined);
  await gateway.simulator.stop();
  const {updatedAt} = await detail();
  clock.advance(76_000);
  const since = new Date(Date.parse(updatedAt) + 75_000).toISOString();
  assert.equal((await detail()).unconfirmedSince, since);
  assert.deepEqual(await unconfirmed(), [{callSid: placed.callSid, since}]);
  assert.deepEqual(await unconfirmed(reader('ann')), [{callSid: placed.callSid, since}]);
  assert.deepEqual(await unconfirmed(reader('bob')), []);
  const answered = statusFields(gateway, {
    CallSid: placed.callSid,
    CallStatus: 'in-progress',
    SequenceNumber: '9',
  });
  assert.equal((await postWebhook(gateway, answered)).status, 204);
  await until(async () => (await unconfirmed()).length === 0);
  assert.equal((await detail()).unconfirmedSince, undefined);
});

test('[H2] the history shows a status in both vocabularies, and a command with its user', async () => {
  await using gateway = await startGateway();
  const callSid = await postStatus(gateway, 1, 'no-answer');
  const {events}: CallDetail = (await gateway.api(`/api/calls/${callSid}`)).body;
  const [event] = events;
  assert.ok(event?.kind === 'status');
  assert.deepEqual([event.providerStatus, event.status], ['no-answer', 'failed']);
});
