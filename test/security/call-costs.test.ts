/** Calls cost money: limits of destinations, rate, concurrency and duration (E, H1). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ALL_USERS_SHARE} from '../../src/services/calls/placement-limits.ts';
import {JWT_SECRET, signToken} from '../support/auth/tokens.ts';
import {startGateway} from '../support/gateway/gateway.ts';
import {startHttpGateway} from '../support/http/http-gateway.ts';
import {assertProblem} from '../support/http/http-request.ts';
import {ManualClock} from '../support/manual-clock.ts';
import {postWebhook, someCallSid, statusFields} from '../support/twilio/signed-webhook.ts';
import {until} from '../support/until.ts';

const BODY = {to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'};

function bearer(user: string, now = Date.now()) {
  return {authorization: `Bearer ${signToken(user, {scope: 'calls:control calls:read', now})}`};
}

/** Destinations allowed by `+1555,client:agent-,sip:desk@pbx.example.com`. */
const allowed = ['+15550100001', 'client:agent-7', 'sip:desk@pbx.example.com'];
const forbidden = [
  '+19005550100',
  '+15',
  '+1554',
  '+4415550100001',
  '+442071234567',
  'client:agent',
  'client:other',
  'client:+15550100001',
  'sip:+15550100001@evil.example',
  'sips:desk@pbx.example.com',
  'sip:other@pbx.example.com',
];
/** Malformed destinations. Without this check, a form that only Twilio understands could bypass a prefix. */
const malformed = [
  '15550100001',
  '0015550100001',
  ' +15550100001',
  '+1 555 010 0001',
  '+1-555-010-0001',
  '+15550100001\n',
  '+15550100001,+442071234567',
  '+15550100001;ext=+442071234567',
  '+1555010000112345678',
  '＋15550100001',
  '+१५५५०१०००१',
  '%2B15550100001',
  'Client:agent-7',
  'SIP:desk@pbx.example.com',
  'tel:+15550100001',
  'whatsapp:+15550100001',
  'client:agent-7 sip:evil',
  'sip:desk@pbx.example.com\r\nTo: evil',
  'sip:desk@pbx.example.com<sip:evil>',
  ['+15550100001'],
  {startsWith: '+1555'},
  15550100001,
  true,
  '',
];

test('[E] ALLOWED_DESTINATIONS: every form of to and connectTo needs an allowed prefix, and nothing else reaches Twilio', async () => {
  const env = {ALLOWED_DESTINATIONS: '+1555,client:agent-,sip:desk@pbx.example.com'};
  await using http = await startHttpGateway({env});
  const [to = ''] = allowed;
  for (const number of forbidden) {
    assertProblem(await http.place({to: number}), {status: 403, code: 'forbidden', field: 'to'});
    const second = await http.place({to, connectTo: number});
    assertProblem(second, {status: 403, code: 'forbidden', field: 'connectTo'});
  }
  for (const number of malformed) {
    assertProblem(await http.place({to: number}), {status: 400, code: 'invalid_request'});
    assertProblem(await http.place({to, connectTo: number}), {status: 400, code: 'invalid_request'});
  }
  assert.equal(http.twilio.of('create').length, 0, 'Twilio was asked for a refused destination');
  for (const number of allowed) assert.equal((await http.place({...BODY, to: number})).status, 201, number);
  assert.equal(http.twilio.of('create').length, allowed.length);
});

test('[E] ALLOWED_DESTINATIONS refuses again when the same key is repeated', async () => {
  await using http = await startHttpGateway({env: {ALLOWED_DESTINATIONS: '+1555'}});
  for (let time = 0; time < 2; time += 1) {
    assert.equal((await http.place({to: '+442071234567'}, 'key')).status, 403);
  }
  assert.equal(http.twilio.of('create').length, 0);
});

test('[E] MAX_CALLS_PER_MINUTE is per user, and all users together may place five times as many', async () => {
  const clock = new ManualClock(Date.now());
  const env = {AUTH_JWT_SECRET: JWT_SECRET, MAX_CALLS_PER_MINUTE: '2'};
  await using http = await startHttpGateway({env, clock});
  const place = (user: string) =>
    http.gateway.api('/api/calls', {body: BODY, headers: bearer(user, clock.now())});
  for (let user = 0; user < ALL_USERS_SHARE; user += 1) {
    assert.equal((await place(`user-${user}`)).status, 201);
    assert.equal((await place(`user-${user}`)).status, 201);
    if (user < ALL_USERS_SHARE - 1) {
      const own = await place(`user-${user}`);
      assertProblem(own, {status: 429, code: 'rate_limited'});
      assert.equal(own.body.context.limit, 2);
    }
  }
  // A new user name brings no new allowance.
  const refused = await place('one-more');
  assertProblem(refused, {status: 429, code: 'rate_limited'});
  assert.equal(refused.body.context.limit, 2 * ALL_USERS_SHARE);
  assert.equal(refused.headers.get('retry-after'), '6');
  clock.advance(6000);
  assert.equal((await place('one-more')).status, 201);
  assert.equal((await place('another')).status, 429);
  assert.equal(http.twilio.of('create').length, 2 * ALL_USERS_SHARE + 1);
});

test('[E] the shared allowance is not used up by a user over their own limit, nor by calls that were not dialed', async () => {
  const clock = new ManualClock(Date.now());
  const env = {AUTH_JWT_SECRET: JWT_SECRET, MAX_CALLS_PER_MINUTE: '2'};
  await using http = await startHttpGateway({env, clock});
  const place = (user: string, key?: string) =>
    http.gateway.api('/api/calls', {
      body: BODY,
      headers: {...bearer(user, clock.now()), ...(key === undefined ? {} : {'idempotency-key': key})},
    });
  assert.equal((await place('greedy', 'one')).status, 201);
  assert.equal((await place('greedy')).status, 201);
  for (let more = 0; more < 30; more += 1) assert.equal((await place('greedy')).status, 429);
  for (let more = 0; more < 30; more += 1) assert.equal((await place('greedy', 'one')).status, 201);
  for (let user = 1; user < ALL_USERS_SHARE; user += 1) {
    assert.equal((await place(`user-${user}`)).status, 201);
    assert.equal((await place(`user-${user}`)).status, 201);
  }
  assert.equal(http.twilio.of('create').length, 2 * ALL_USERS_SHARE);
});

test('[E] MAX_ACTIVE_CALLS counts calls in progress of all users, including inbound ones', async () => {
  const env = {AUTH_JWT_SECRET: JWT_SECRET, MAX_ACTIVE_CALLS: '3'};
  await using http = await startHttpGateway({env});
  const place = (user: string) => http.gateway.api('/api/calls', {body: BODY, headers: bearer(user)});
  // Twilio's view of the inbound call does not matter here.
  http.twilio.intercept = ({operation}) => (operation === 'create' ? undefined : 'cut');
  const CallSid = someCallSid(1);
  const inbound = {CallSid, CallStatus: 'ringing', Direction: 'inbound'};
  await postWebhook(http.gateway, statusFields(http.gateway, inbound), {route: 'voice'});
  await http.waitForStatus(CallSid, 'ringing');
  assert.equal((await place('ann')).status, 201);
  assert.equal((await place('bob')).status, 201);
  for (const user of ['ann', 'bob', 'eve']) {
    const refused = await place(user);
    assertProblem(refused, {status: 429, code: 'rate_limited'});
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
  }
  assert.equal(http.twilio.of('create').length, 2);
});

test('[E] CALL_TIME_LIMIT_S is sent to Twilio with every call, and is not a request field', async () => {
  for (const [env, limit] of [
    [{}, '14400'],
    [{CALL_TIME_LIMIT_S: '90'}, '90'],
  ] as const) {
    await using http = await startHttpGateway({env});
    const bodies = [
      {to: BODY.to},
      BODY,
      {to: BODY.to, url: 'https://example.com/twiml'},
      {to: BODY.to, connectTo: '+15550100002'},
      {to: 'client:ann'},
      {to: 'sip:ann@pbx.example.com'},
    ];
    for (const body of bodies) assert.equal((await http.place(body)).status, 201);
    assert.deepEqual(
      http.twilio.of('create').map(({form}) => form.get('TimeLimit')),
      bodies.map(() => limit),
    );
    for (const field of [
      'timeLimit',
      'TimeLimit',
      'time_limit',
      'statusCallback',
      'callerId',
      'sendDigits',
    ]) {
      assertProblem(await http.place({...BODY, [field]: 86_400}), {status: 400, code: 'invalid_request'});
    }
  }
});

test('[E] a simulator scenario places its calls within the same limits', async () => {
  await using gateway = await startGateway({env: {ALLOWED_DESTINATIONS: '+44'}});
  const {scenarios} = await until(async () => {
    const answer = await gateway.api('/api/simulator');
    return answer.status === 200 && answer.body;
  });
  const outbound = scenarios.find((each: {id: string}) => /answered|busy/.test(each.id));
  const answer = await gateway.api(`/api/simulator/scenarios/${outbound.id}`, {method: 'POST'});
  assertProblem(answer, {status: 403, code: 'forbidden'});
  assert.deepEqual((await gateway.api('/api/calls')).body.calls, []);
});
