/**
 * Placing and ending calls while the journal is not writable: no second call, and no call that cannot be
 * ended.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {until} from '../../support/until.ts';

const BODY = {to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>', metadata: {a: 'b'}};
/** Rings for a long time without an answer, so that no callback binds the call before the test has looked. */
const SLOW = {speed: 0.01};

test('[H1] if the intent cannot be written, 503 with Retry-After returns, Twilio is not asked, and the allowance stays', async () => {
  await using http = await startHttpGateway({env: {MAX_CALLS_PER_MINUTE: '1'}, failingJournal: true});
  http.journal.fill();
  const refused = await http.place(BODY, 'order-1');
  assertProblem(refused, {status: 503, code: 'journal_unavailable'});
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.equal(http.twilio.of('create').length, 0);
  http.journal.recover();
  assert.equal((await http.place(BODY, 'order-1')).status, 201);
});

test('[H1] if Twilio took the call but the journal failed, 504 names the call, never a 503 that invites another', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({failingJournal: true, clock, simulator: SLOW});
  http.gateway.simulator.setFaults({drop: 1});
  http.journal.failing.add('append');
  const answer = await http.place(BODY, 'order-1');
  assertProblem(answer, {status: 504, code: 'submission_unknown'});
  const [simulated] = http.gateway.simulator.calls();
  assert.equal(answer.body.context.callSid, simulated?.sid);
  assertProblem(await http.place(BODY, 'order-1'), {status: 503, code: 'journal_unavailable'});
  http.journal.recover();
  const found = await http.place(BODY, 'order-1');
  assert.equal(found.status, 201);
  assert.equal(found.headers.get('idempotent-replayed'), 'true');
  assert.equal(found.body.callSid, simulated?.sid);
  assert.deepEqual(found.body.metadata, {a: 'b'});
  assert.equal(http.twilio.of('create').length, 1);
});

test('[H1] an unwritten outcome is written as soon as possible, without a request', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({failingJournal: true, clock, simulator: SLOW});
  http.gateway.simulator.setFaults({drop: 1});
  http.journal.failing.add('append');
  const {body} = await http.place(BODY);
  clock.advance(1000);
  await until(() => http.journal.failures >= 2, {what: 'a first attempt that fails too'});
  http.journal.recover();
  const call = await until(async () => {
    clock.advance(1000);
    const answer = await http.gateway.api(`/api/calls/${body.context.callSid}`);
    return answer.status === 200 && answer.body;
  });
  assert.equal(call.user, 'operator');
  assert.deepEqual(call.metadata, {a: 'b'});
});

test('[H1] an unwritten outcome is written at shutdown if the journal is writable by then', async () => {
  // The clock stands still, so the only attempt is the last one.
  const clock = new ManualClock();
  await using http = await startHttpGateway({failingJournal: true, clock, simulator: SLOW});
  http.gateway.simulator.setFaults({drop: 1});
  http.journal.failing.add('append');
  const {body} = await http.place(BODY, 'order-1');
  http.journal.recover();
  await http.gateway.restart();
  const call = await http.gateway.api(`/api/calls/${body.context.callSid}`);
  assert.equal(call.status, 200, call.text);
  assert.deepEqual(call.body.metadata, {a: 'b'});
});

test('[H1] if Twilio refuses and the journal fails, the client gets the refusal, and the key becomes free', async () => {
  await using http = await startHttpGateway({failingJournal: true});
  http.journal.failing.add('rejectIntent');
  const refused = await http.place({...BODY, to: '+15005550003'}, 'order-1');
  assertProblem(refused, {status: 422, code: 'provider_error'});
  assert.equal(refused.body.context.providerCode, 21215);
  http.journal.recover();
  const placed = await http.place(BODY, 'order-1');
  assert.equal(placed.status, 201);
  assert.equal(placed.headers.get('idempotent-replayed'), null);
});

test('[H1] an intent that was written but reported as failed is 503, and its key dials after recovery', async () => {
  await using http = await startHttpGateway({failingJournal: true});
  http.journal.losesIntentAnswers = true;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    assertProblem(await http.place(BODY, 'order-1'), {status: 503, code: 'journal_unavailable'});
  }
  assert.equal(http.twilio.of('create').length, 0);
  http.journal.recover();
  const placed = await http.place(BODY, 'order-1');
  assert.equal(placed.status, 201);
  assert.equal(placed.headers.get('idempotent-replayed'), null, 'nothing had been dialed');
  assert.equal(http.twilio.of('create').length, 1);
});

test('[H1] [E] a replay over the limits is only looked up, so its call is found while the journal is not writable', async () => {
  await using http = await startHttpGateway({failingJournal: true, env: {MAX_CALLS_PER_MINUTE: '1'}});
  const first = await http.place(BODY, 'order-1');
  http.journal.fill();
  const again = await http.place(BODY, 'order-1');
  assert.equal(again.status, 201, again.text);
  assert.equal(again.body.callSid, first.body.callSid);
  assertProblem(await http.place(BODY, 'order-2'), {status: 429, code: 'rate_limited'});
});

test('[W7] a disconnect reaches Twilio although the journal is not writable', async () => {
  await using http = await startHttpGateway({failingJournal: true});
  const {gateway} = http;
  const callSid = await gateway.place(BODY);
  await http.waitForStatus(callSid, 'in-progress');
  http.journal.fill();
  const accepted = await gateway.api(`/api/calls/${callSid}/actions`, {body: {action: 'disconnect'}});
  assert.equal(accepted.status, 202);
  await until(() => gateway.simulator.call(callSid)?.status === 'completed');
  http.journal.recover();
  await gateway.callIn(callSid, 'completed');
});

test('[W7] [J6] a queued call canceled while the journal was not writable is recorded as ended later', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({
    failingJournal: true,
    clock,
    simulator: {callsPerSecond: 0.001},
  });
  const {gateway} = http;
  await gateway.place(BODY);
  const queued = await gateway.place(BODY);
  await http.waitForStatus(queued, 'queued');
  http.journal.fill();
  const accepted = await gateway.api(`/api/calls/${queued}/actions`, {body: {action: 'disconnect'}});
  assert.equal(accepted.status, 202);
  assert.equal(gateway.simulator.call(queued)?.status, 'canceled');
  http.journal.recover();
  clock.advance(1500);
  assert.equal((await gateway.callIn(queued, 'canceled')).reason, 'canceled');
});
