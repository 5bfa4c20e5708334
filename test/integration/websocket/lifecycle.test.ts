/** A call from placing to its end, as a session sees it. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startGateway} from '../../support/gateway/gateway.ts';

test('[W1] a session sees a call being placed, ringing, answered and ending, in order', async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  const callSid = await gateway.place({to: '+15550100503'});
  await client.receive('call.status', (message) => message.status === 'completed');
  const seen = client.of('call.status').filter((message) => message.callSid === callSid);
  assert.deepEqual(
    seen.map(({status}) => status),
    ['initiating', 'initiating', 'ringing', 'in-progress', 'completed'],
  );
  // Simulated time runs fifty times as fast, so a busy machine can add some seconds.
  assert.ok((seen.at(-1)?.duration ?? 0) >= 3);
});

test('[W2] [W3] the first message is session.ready, followed by a snapshot', async () => {
  await using gateway = await startGateway({simulator: {speed: 1}});
  const callSid = await gateway.place({to: '+15550100001'});
  const client = await gateway.session();
  const snapshot = await client.receive('call.snapshot');
  // Later events of the call follow the snapshot.
  assert.deepEqual(
    client.messages.slice(0, 2).map(({type}) => type),
    ['session.ready', 'call.snapshot'],
  );
  assert.deepEqual(
    snapshot.calls.map((call) => call.callSid),
    [callSid],
  );
});

test('[W7] [W4] call.disconnect ends a call in progress', async () => {
  await using gateway = await startGateway({simulator: {speed: 20}});
  const client = await gateway.session();
  const callSid = await gateway.place({
    to: '+15550100001',
    twiml: '<Response><Pause length="600"/></Response>',
  });
  await client.receive('call.status', ({status}) => status === 'in-progress');
  client.send({type: 'call.action', action: 'disconnect', callSid, requestId: 'r1'});
  const accepted = await client.receive('call.action.accepted');
  assert.equal(accepted.requestId, 'r1');
  assert.equal((await client.receive('call.status', ({status}) => status === 'completed')).callSid, callSid);
});
