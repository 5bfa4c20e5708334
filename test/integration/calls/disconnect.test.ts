/** Ending calls over HTTP (H3): one command for every state (W7). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {someCallSid} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

const BODY = {to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'};
const disconnect = {body: {action: 'disconnect'}};

test('[H3] 202 returns the action, and both the command and the change become entries', async () => {
  await using http = await startHttpGateway();
  const {gateway} = http;
  const callSid = await gateway.place(BODY);
  await http.waitForStatus(callSid, 'in-progress');
  const accepted = await gateway.api(`/api/calls/${callSid}/actions`, disconnect);
  assert.equal(accepted.status, 202);
  const {timestamp, ...rest} = accepted.body;
  assert.deepEqual(rest, {action: 'disconnect', callSid});
  assert.equal(new Date(timestamp).toISOString(), timestamp);
  const ended = await gateway.callIn(callSid, 'completed');
  assert.ok(ended.duration >= 0);
  const command = ended.events.find((event: {kind: string}) => event.kind === 'command');
  assert.equal(command.action, 'disconnect');
  assert.equal(command.user, 'operator');
  assert.deepEqual(
    http.twilio.of('update').map(({form}) => form.get('Status')),
    ['completed'],
  );
});

test('[W7] a ringing call is canceled', async () => {
  await using http = await startHttpGateway();
  const {gateway} = http;
  const callSid = await gateway.place({...BODY, to: '+15550100201', timeout: 600});
  await http.waitForStatus(callSid, 'ringing');
  assert.equal((await gateway.api(`/api/calls/${callSid}/actions`, disconnect)).status, 202);
  const ended = await gateway.callIn(callSid, 'canceled');
  assert.equal(ended.status, 'failed');
  assert.equal(ended.reason, 'canceled');
  assert.deepEqual(
    http.twilio.of('update').map(({form}) => form.get('Status')),
    ['canceled'],
  );
});

test("[W7] a queued call is canceled without a callback, so Twilio's answer ends it in the journal", async () => {
  await using http = await startHttpGateway({simulator: {callsPerSecond: 0.001}});
  const {gateway} = http;
  await gateway.place(BODY);
  const queued = await gateway.place(BODY);
  const session = await gateway.session();
  assert.equal((await gateway.api(`/api/calls/${queued}/actions`, disconnect)).status, 202);
  const received = await session.receive('call.status', (message) => message.callSid === queued);
  assert.deepEqual([received.status, received.reason, received.source], ['failed', 'canceled', 'api']);
  assert.equal(gateway.simulator.call(queued)?.callbacks, 0);
});

test('[H3] an unknown call is 404, an ended one is 409 call_ended, and an invalid sid is 404', async () => {
  await using http = await startHttpGateway();
  const {gateway} = http;
  for (const sid of [someCallSid(1), 'nonsense', `CA${'0'.repeat(31)}`]) {
    const answer = await gateway.api(`/api/calls/${sid}/actions`, disconnect);
    assertProblem(answer, {status: 404, code: 'call_not_found'});
    assert.equal(answer.body.context.callSid, sid);
  }
  const busy = await gateway.place({to: '+15550100101'});
  await gateway.callIn(busy, 'busy');
  await http.waitForStatus(busy, 'ended');
  const ended = await gateway.api(`/api/calls/${busy}/actions`, disconnect);
  assertProblem(ended, {status: 409, code: 'call_ended'});
  assert.deepEqual(ended.body.context, {callSid: busy, providerStatus: 'busy'});
  assert.equal(http.twilio.of('update').length, 0);
});

for (const body of [{}, {action: 'cancel'}, {action: 'disconnect', force: true}, {action: ['disconnect']}]) {
  test(`[H3] [H6] 400 for ${JSON.stringify(body)}`, async () => {
    await using http = await startHttpGateway();
    const answer = await http.gateway.api(`/api/calls/${someCallSid(1)}/actions`, {body});
    assertProblem(answer, {status: 400, code: 'invalid_request'});
  });
}

test('[W7] two concurrent disconnects are both accepted, and the call ends once', async () => {
  await using http = await startHttpGateway();
  const {gateway} = http;
  const callSid = await gateway.place(BODY);
  await http.waitForStatus(callSid, 'in-progress');
  const path = `/api/calls/${callSid}/actions`;
  const answers = await Promise.all([gateway.api(path, disconnect), gateway.api(path, disconnect)]);
  for (const {status} of answers) assert.ok(status === 202 || status === 409, String(status));
  const {events} = await gateway.callIn(callSid, 'completed');
  const ends = events.filter(
    (event: {providerStatus: string; verdict: string}) =>
      event.providerStatus === 'completed' && event.verdict === 'applied',
  );
  assert.equal(ends.length, 1);
});

for (const endedUpdate of ['not-found', 'invalid-state'] as const) {
  test(`[W7] if Twilio says the call has just ended (${endedUpdate}), the answer is 202 and the journal records the end`, async () => {
    await using http = await startHttpGateway({simulator: {endedUpdate}});
    const {gateway} = http;
    gateway.simulator.setFaults({drop: {statuses: ['completed']}});
    const callSid = await gateway.place(BODY);
    await http.waitForStatus(callSid, 'in-progress');
    gateway.simulator.hangUp(callSid);
    assert.equal((await gateway.api(`/api/calls/${callSid}/actions`, disconnect)).status, 202);
    const {events} = await gateway.callIn(callSid, 'completed');
    assert.equal(events.at(-1).source, 'reconcile');
  });
}

test('[W7] a connected call ends by its legs: first only the child, then the parent with its child', async () => {
  await using http = await startHttpGateway();
  const {gateway} = http;
  const parent = await gateway.place({to: '+15550100001', connectTo: '+15550100002'});
  const leg = await until(async () => {
    const {body} = await gateway.api(`/api/calls/${parent}`);
    return body.legs[0]?.providerStatus === 'in-progress' && body.legs[0];
  });
  assert.equal((await gateway.api(`/api/calls/${leg.callSid}/actions`, disconnect)).status, 202);
  await gateway.callIn(leg.callSid, 'completed');
  await gateway.callIn(parent, 'completed');
});

test('[W7] ending the parent ends its leg', async () => {
  await using http = await startHttpGateway({simulator: {speed: 5}});
  const {gateway} = http;
  const parent = await gateway.place({to: '+15550100001', connectTo: '+15550100201'});
  const leg = await until(async () => {
    const {body} = await gateway.api(`/api/calls/${parent}`);
    return body.legs[0]?.providerStatus === 'ringing' && body.legs[0];
  });
  assert.equal((await gateway.api(`/api/calls/${parent}/actions`, disconnect)).status, 202);
  await gateway.callIn(parent, 'completed');
  await gateway.callIn(leg.callSid, 'canceled');
});

test('[W7] if Twilio is unreachable, the answer is provider_error and a retry works', async () => {
  await using http = await startHttpGateway();
  const {gateway} = http;
  const callSid = await gateway.place(BODY);
  await http.waitForStatus(callSid, 'in-progress');
  for (const faults of [{serverError: {times: 1}}, {tooManyRequests: {times: 1}}]) {
    gateway.simulator.setFaults(faults);
    const answer = await gateway.api(`/api/calls/${callSid}/actions`, disconnect);
    assert.equal(answer.body.code, 'provider_error');
    assert.equal(answer.body.context.callSid, callSid);
  }
  assert.equal((await gateway.api(`/api/calls/${callSid}/actions`, disconnect)).status, 202);
  await gateway.callIn(callSid, 'completed');
});
