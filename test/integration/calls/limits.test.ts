/** Cost limits of placing calls: MAX_CALLS_PER_MINUTE, MAX_ACTIVE_CALLS and ALLOWED_DESTINATIONS (E). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {until} from '../../support/until.ts';

const BODY = {to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'};
const BUSY = {...BODY, to: '+15550100101'};

test('[E] MAX_CALLS_PER_MINUTE: 429 with Retry-After, and a call is allowed after that time', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({env: {MAX_CALLS_PER_MINUTE: '3'}, clock});
  for (let call = 0; call < 3; call += 1) assert.equal((await http.place(BODY)).status, 201);
  const refused = await http.place(BODY);
  assertProblem(refused, {status: 429, code: 'rate_limited'});
  assert.equal(refused.headers.get('retry-after'), '20');
  assert.equal(refused.body.context.limit, 3);
  clock.advance(19_900);
  assert.equal((await http.place(BODY)).status, 429);
  clock.advance(100);
  assert.equal((await http.place(BODY)).status, 201);
  assert.equal((await http.place(BODY)).status, 429);
  assert.equal(http.twilio.of('create').length, 4);
});

test('[E] MAX_ACTIVE_CALLS: 429 with Retry-After until a call has ended', async () => {
  await using http = await startHttpGateway({env: {MAX_ACTIVE_CALLS: '2'}});
  const {gateway} = http;
  const callSid = await gateway.place(BODY);
  await gateway.place(BODY);
  const refused = await http.place(BODY);
  assertProblem(refused, {status: 429, code: 'rate_limited'});
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  await gateway.api(`/api/calls/${callSid}/actions`, {body: {action: 'disconnect'}});
  await until(() => gateway.simulator.call(callSid)?.endedAt !== null);
  await http.waitForStatus(callSid, 'ended');
  assert.equal((await http.place(BODY)).status, 201);
});

test('[E] MAX_ACTIVE_CALLS holds for concurrent requests', async () => {
  await using http = await startHttpGateway({env: {MAX_ACTIVE_CALLS: '4'}});
  const answers = await Promise.all(Array.from({length: 20}, () => http.place(BODY)));
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  assert.deepEqual([count(201), count(429)], [4, 16]);
  assert.equal(http.twilio.of('create').length, 4);
});

test('[E] MAX_ACTIVE_CALLS: calls that Twilio refused or that ended at once use no slot', async () => {
  await using http = await startHttpGateway({env: {MAX_ACTIVE_CALLS: '1'}});
  assert.equal((await http.place({...BODY, to: '+15005550003'})).status, 422);
  http.twilio.intercept = () => 'cut';
  assert.equal((await http.place(BODY)).status, 504);
  http.twilio.intercept = undefined;
  const busy = await http.gateway.place(BUSY);
  await http.gateway.callIn(busy, 'busy');
  await http.waitForStatus(busy, 'ended');
  assert.equal((await http.place(BODY)).status, 201);
  assert.equal((await http.place(BODY)).status, 429);
});

test('[E] MAX_ACTIVE_CALLS: a second leg belongs to its call and uses no slot', async () => {
  await using http = await startHttpGateway({env: {MAX_ACTIVE_CALLS: '2'}});
  const {gateway} = http;
  const callSid = await gateway.place({to: '+15550100001', connectTo: '+15550100002'});
  const leg = await until(async () => (await gateway.api(`/api/calls/${callSid}`)).body.legs[0]);
  await http.waitForStatus(leg.callSid, 'in-progress');
  assert.equal((await http.place(BODY)).status, 201);
  assert.equal((await http.place(BODY)).status, 429);
});

test('[E] ALLOWED_DESTINATIONS: 403 names to or connectTo, and nothing is dialed', async () => {
  await using http = await startHttpGateway({env: {ALLOWED_DESTINATIONS: '+1555,client:agent-'}});
  assert.equal((await http.place(BODY)).status, 201);
  assert.equal((await http.place({...BODY, to: 'client:agent-7'})).status, 201);
  const premium = await http.place({...BODY, to: '+442071234567'});
  assertProblem(premium, {status: 403, code: 'forbidden', field: 'to'});
  const {to} = BODY;
  assertProblem(await http.place({to, connectTo: '+442071234567'}), {
    status: 403,
    code: 'forbidden',
    field: 'connectTo',
  });
  assertProblem(await http.place({to, connectTo: 'client:other'}), {status: 403, code: 'forbidden'});
  assert.equal(http.twilio.of('create').length, 2);
});
