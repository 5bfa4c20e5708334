/** Every outcome of a placed call, from `POST /api/calls` to the messages of a session. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {ProviderStatus} from '@hookswitch/protocol';
import {type Flow, startFlow} from '../../support/simulation/flow.ts';

let flow: Flow;
before(async () => {
  flow = await startFlow();
});
after(() => flow[Symbol.asyncDispose]());

test('[H1] [W1] a placed call rings, is answered and ends', async () => {
  const callSid = await flow.place({to: '+15550100503', metadata: {order: '4711'}});
  const call = await flow.expectSameState(callSid, 'completed');
  assert.deepEqual(flow.statuses(callSid), ['queued', 'initiated', 'ringing', 'in-progress', 'completed']);
  assert.deepEqual(
    flow.messages(callSid).map(({status}) => status),
    ['initiating', 'initiating', 'ringing', 'in-progress', 'completed'],
  );
  assert.deepEqual(
    flow.messages(callSid).map(({source}) => source),
    ['api', 'callback', 'callback', 'callback', 'callback'],
  );
  // Simulated seconds, which a busy machine stretches.
  assert.ok(call.duration !== undefined && call.duration >= 3);
  const {from, to, direction} = await flow.sdk.calls(callSid).fetch();
  const last = flow.messages(callSid).at(-1);
  assert.deepEqual([last?.from, last?.to, last?.direction], [from, to, direction]);
});

const failures: readonly [to: string, reason: ProviderStatus, through: readonly ProviderStatus[]][] = [
  ['+15550100101', 'busy', ['queued', 'initiated', 'busy']],
  ['+15550100201', 'no-answer', ['queued', 'initiated', 'ringing', 'no-answer']],
  ['+15550100301', 'failed', ['queued', 'initiated', 'failed']],
  ['+15550100401', 'canceled', ['queued', 'initiated', 'ringing', 'canceled']],
  ['+15550100901', 'no-answer', ['queued', 'initiated', 'ringing', 'no-answer']],
];

for (const [to, reason, through] of failures) {
  test(`[W1] a call to ${to} fails, and the session receives the reason ${reason}`, async () => {
    const callSid = await flow.place({to, timeout: 5});
    const call = await flow.expectSameState(callSid, reason);
    assert.deepEqual(flow.statuses(callSid), through);
    const last = flow.messages(callSid).at(-1);
    assert.deepEqual([last?.status, last?.reason, last?.duration], ['failed', reason, undefined]);
    assert.deepEqual([call.status, call.reason], ['failed', reason]);
  });
}

test('[W1] in a burst of calls, each call is delivered in order and none is mixed up with another', async () => {
  const numbers = ['+15550100501', '+15550100102', '+15550100302', '+15550100402', '+15550100902'];
  const sids = await Promise.all(
    Array.from({length: 30}, (_, index) => flow.place({to: numbers[index % numbers.length]})),
  );
  const ends: ProviderStatus[] = ['completed', 'busy', 'failed', 'canceled', 'no-answer'];
  for (const [index, callSid] of sids.entries()) {
    await flow.expectSameState(callSid, ends[index % ends.length] ?? 'completed');
  }
});
