/** Ends calls over the WebSocket and over HTTP, in every state. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {type Flow, startFlow} from '../../support/simulation/flow.ts';

const TALK = '<Response><Pause length="3600"/></Response>';

let flow: Flow;
before(async () => {
  flow = await startFlow();
});
after(() => flow[Symbol.asyncDispose]());

function disconnect(callSid: string, requestId: string): void {
  flow.session.send({type: 'call.action', action: 'disconnect', callSid, requestId});
}

test('[W7] [W4] a disconnect while ringing cancels the call', async () => {
  const callSid = await flow.place({to: '+15550100799', twiml: TALK, timeout: 600});
  await flow.waitForStatus(callSid, 'ringing');
  disconnect(callSid, 'while ringing');
  const accepted = await flow.session.receive(
    'call.action.accepted',
    (it) => it.requestId === 'while ringing',
  );
  assert.deepEqual([accepted.action, accepted.callSid], ['disconnect', callSid]);
  await flow.expectSameState(callSid, 'canceled');
});

test('[W7] [W4] a disconnect in progress completes the call, with its duration', async () => {
  const callSid = await flow.place({to: '+15550100001', twiml: TALK});
  await flow.waitForStatus(callSid, 'in-progress');
  disconnect(callSid, 'while talking');
  await flow.session.receive('call.action.accepted', (it) => it.requestId === 'while talking');
  const {duration} = await flow.expectSameState(callSid, 'completed');
  assert.ok(duration !== undefined && duration >= 0);
});

test('[H3] a disconnect over HTTP returns 202, and 409 after the call has ended', async () => {
  const callSid = await flow.place({to: '+15550100001', twiml: TALK});
  await flow.waitForStatus(callSid, 'in-progress');
  const action = {body: {action: 'disconnect'}};
  assert.equal((await flow.gateway.api(`/api/calls/${callSid}/actions`, action)).status, 202);
  await flow.expectSameState(callSid, 'completed');
  const again = await flow.gateway.api(`/api/calls/${callSid}/actions`, action);
  assert.deepEqual([again.status, again.body.code], [409, 'call_ended']);
  disconnect(callSid, 'too late');
  const refused = await flow.session.receive('error', (it) => it.requestId === 'too late');
  assert.equal(refused.code, 'call_ended');
});

test('[W7] if the callee hangs up at the same moment, the call ends once', async () => {
  for (let round = 0; round < 5; round += 1) {
    const callSid = await flow.place({to: '+15550100001', twiml: TALK});
    await flow.waitForStatus(callSid, 'in-progress');
    disconnect(callSid, `race ${round}`);
    flow.simulator.hangUp(callSid);
    await flow.expectSameState(callSid, 'completed');
  }
});

test('[W7] [J7] a call disconnected just before a kill -9 ends, and sessions learn of it after the restart', async () => {
  const callSid = await flow.place({to: '+15550100001', twiml: TALK});
  await flow.waitForStatus(callSid, 'in-progress');
  disconnect(callSid, 'before the kill');
  await flow.session.receive('call.action.accepted', (it) => it.requestId === 'before the kill');
  const resumed = await flow.crash();
  assert.equal((await resumed.ready()).recovered, true);
  await flow.expectSameState(callSid, 'completed');
});
