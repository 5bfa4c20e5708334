/** Calls with two parties, and inbound calls. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {type Flow, startFlow} from '../../support/simulation/flow.ts';
import {until} from '../../support/until.ts';

let flow: Flow;
before(async () => {
  flow = await startFlow();
});
after(() => flow[Symbol.asyncDispose]());

test('[H1] connectTo dials a second party, and sessions see its leg like any call', async () => {
  const callSid = await flow.place({to: '+15550100001', connectTo: '+15550100505'});
  const call = await flow.expectSameState(callSid, 'completed');
  const [leg, ...others] = call.legs;
  assert.ok(leg !== undefined && others.length === 0);
  assert.deepEqual([leg.parentCallSid, leg.direction], [callSid, 'outbound-dial']);
  await flow.expectSameState(leg.callSid, 'completed');
  assert.ok(flow.messages(leg.callSid).every(({parentCallSid}) => parentCallSid === callSid));
  assert.deepEqual(flow.statuses(leg.callSid), ['initiated', 'ringing', 'in-progress', 'completed']);
});

test('[H1] if the connectTo party is busy, the call ends and only the leg has the reason', async () => {
  const callSid = await flow.place({to: '+15550100001', connectTo: '+15550100105'});
  const {legs} = await flow.expectSameState(callSid, 'completed');
  const leg = legs[0]?.callSid ?? '';
  await flow.expectSameState(leg, 'busy');
  assert.equal(flow.messages(leg).at(-1)?.reason, 'busy');
});

test('[J5] [H5] an inbound call gets TwiML, and sessions see it from ringing to its end', async () => {
  const callSid = await flow.simulator.placeInboundCall({from: '+15550100599'});
  const ringing = await flow.waitForStatus(callSid, 'ringing');
  assert.deepEqual([ringing.direction, ringing.from], ['inbound', '+15550100599']);
  await flow.expectSameState(callSid, 'completed');
  const {status, responseBody} =
    flow.simulator
      .deliveries()
      .find((delivery) => delivery.callSid === callSid && delivery.kind === 'twiml')
      ?.attempts.at(0) ?? {};
  assert.equal(status, 200);
  assert.match(responseBody ?? '', /<Response><Say>/);
});

test('[J6] the answer of an inbound call has no callback and is found by a lookup', async () => {
  await using slow = await startFlow({
    simulator: {speed: 1},
    env: {VOICE_TWIML: '<Response><Pause length="600"/></Response>'},
  });
  const callSid = await slow.simulator.placeInboundCall({from: '+15550100001'});
  const answered = await slow.waitForStatus(callSid, 'in-progress');
  assert.equal(answered.source, 'reconcile');
  slow.simulator.hangUp(callSid);
  await slow.expectSameState(callSid, 'completed');
  await until(async () => (await slow.call(callSid)).events.length === 3, {what: 'three entries'});
});
