/** Failed requests to Twilio, and lost callbacks. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startFlow} from '../../support/simulation/flow.ts';

test('[H1] [W5] a number that Twilio rejects returns 422 with its code and creates no call', async () => {
  await using flow = await startFlow();
  const {status, body} = await flow.gateway.api('/api/calls', {body: {to: '+15005550001'}});
  assert.deepEqual([status, body.code], [422, 'provider_error']);
  assert.deepEqual([body.context['providerCode'], body.context['providerStatus']], [21217, 400]);
  const malformed = await flow.gateway.api('/api/calls', {body: {to: '5550100'}});
  assert.deepEqual([malformed.status, malformed.body.code], [400, 'invalid_request']);
  assert.deepEqual((await flow.gateway.api('/api/calls')).body.calls, []);
  assert.deepEqual(flow.simulator.calls(), []);
  // A rejected request releases its key.
  const headers = {'idempotency-key': 'once'};
  const refused = await flow.gateway.api('/api/calls', {body: {to: '+15005550001'}, headers});
  assert.equal(refused.status, 422);
  const placed = await flow.gateway.api('/api/calls', {body: {to: '+15550100301'}, headers});
  assert.equal(placed.status, 201);
});

test('[W5] wrong credentials return provider_error with 401, dial nothing, and refuse webhooks', async () => {
  await using flow = await startFlow({authToken: 'another-token-than-the-account-has'});
  const {status, body} = await flow.gateway.api('/api/calls', {body: {to: '+15550100001'}});
  assert.deepEqual([status, body.code, body.context['providerStatus']], [502, 'provider_error', 401]);
  const inbound = await flow.simulator.placeInboundCall({from: '+15550100001'});
  await flow.simulator.settled();
  const [delivery] = flow.simulator.deliveries().filter(({callSid}) => callSid === inbound);
  assert.equal(delivery?.attempts.at(0)?.status, 403);
  assert.equal((await flow.gateway.api(`/api/calls/${inbound}`)).status, 404);
});

test('[H1] [J7] while Twilio is down, requests return 502, leave no call open, and the gateway keeps running', async () => {
  await using flow = await startFlow({simulator: {speed: 1}});
  const headers = {'idempotency-key': 'down'};
  await flow.simulator.stop();
  const refused = await flow.gateway.api('/api/calls', {body: {to: '+15550100001'}, headers});
  assert.deepEqual([refused.status, refused.body.code], [502, 'provider_error']);
  assert.equal(flow.gateway.isRunning, true);
  assert.deepEqual((await flow.gateway.api('/api/calls')).body.calls, []);
  // No request was sent, so the key is not in use.
  const again = await flow.gateway.api('/api/calls', {body: {to: '+15550100001'}, headers});
  assert.deepEqual([again.status, again.body.code], [502, 'provider_error']);
});

test('[H1] after a 5xx from Twilio the outcome is unknown: the key stays in use and nothing is dialed twice', async () => {
  await using flow = await startFlow();
  flow.simulator.setFaults({serverError: {times: 1, operations: ['create']}});
  const headers = {'idempotency-key': 'open'};
  const failed = await flow.gateway.api('/api/calls', {body: {to: '+15550100501'}, headers});
  assert.deepEqual([failed.status, failed.body.code], [502, 'provider_error']);
  const again = await flow.gateway.api('/api/calls', {body: {to: '+15550100501'}, headers});
  assert.deepEqual([again.status, again.body.code], [504, 'submission_unknown']);
  assert.deepEqual(flow.simulator.calls(), []);
});

test('[J6] [J7] the lost end of a call is found by a lookup after a restart', async () => {
  await using flow = await startFlow();
  flow.simulator.setFaults({drop: {statuses: ['completed']}});
  const callSid = await flow.place({to: '+15550100503'});
  await flow.waitForStatus(callSid, 'in-progress');
  await flow.simulator.settled();
  const resumed = await flow.crash();
  assert.equal((await resumed.ready()).recovered, true);
  await flow.expectSameState(callSid, 'completed');
  assert.equal(flow.messages(callSid).at(-1)?.source, 'reconcile');
});

test('[J7] [W11] after an outage, sessions learn how a call ended meanwhile', async () => {
  await using flow = await startFlow({simulator: {speed: 20}});
  const callSid = await flow.place({to: '+15550100510'});
  await flow.waitForStatus(callSid, 'in-progress');
  const position = flow.session.position();
  await flow.gateway.kill();
  await flow.simulator.settled();
  await flow.gateway.start();
  const resumed = await flow.watch(position);
  assert.equal((await resumed.ready()).recovered, true);
  await flow.expectSameState(callSid, 'completed');
});
