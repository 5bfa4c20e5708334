/** The simulator's faults, one by one and combined. Journal, session and Twilio must agree at the end. */
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import type {ProviderStatus} from '@hookswitch/protocol';
import type {Faults} from '@hookswitch/simulator';
import {type Flow, startFlow} from '../../support/simulation/flow.ts';
import {until} from '../../support/until.ts';

let flow: Flow;
before(async () => {
  flow = await startFlow();
});
afterEach(() => flow.simulator.setFaults({}));
after(() => flow[Symbol.asyncDispose]());

const ends: readonly [to: string, end: ProviderStatus][] = [
  ['+15550100502', 'completed'],
  ['+15550100103', 'busy'],
  ['+15550100303', 'failed'],
  ['+15550100903', 'no-answer'],
  ['+15550100403', 'canceled'],
];

const rounds: readonly [name: string, faults: Faults][] = [
  ['every callback arrives twice', {repeat: 1}],
  ['every callback is overtaken by the next', {reorder: 1}],
  ['callbacks are delayed by up to 250 ms', {delay: {minMs: 0, maxMs: 250}}],
  ['all callbacks before the end are lost', {drop: {statuses: ['initiated', 'ringing', 'in-progress']}}],
  ['the first callback overtakes the response to create', {callbackBeforeCreateResponse: 1}],
  [
    'all faults at once',
    {
      repeat: 0.5,
      reorder: 0.3,
      delay: {probability: 0.5, minMs: 0, maxMs: 200},
      drop: {probability: 0.3, statuses: ['initiated', 'ringing', 'in-progress']},
      callbackBeforeCreateResponse: 0.3,
    },
  ],
];

for (const [name, faults] of rounds) {
  test(`[J2] [J4] [W12] ${name}: journal, session and Twilio agree`, async () => {
    flow.simulator.setFaults(faults);
    const sids = await Promise.all(ends.map(([to]) => flow.place({to})));
    for (const [index, [, end]] of ends.entries()) await flow.expectSameState(sids[index] ?? '', end);
  });
}

test('[J2] repeated callbacks are counted in their entry', async () => {
  flow.simulator.setFaults({repeat: 1});
  const callSid = await flow.place({to: '+15550100502'});
  const {events} = await flow.expectSameState(callSid, 'completed');
  // The TwiML request is not a status callback, so it is not repeated.
  const callbacks = events.filter(({sequence}) => sequence !== undefined);
  assert.equal(callbacks.length, 4);
  assert.ok(callbacks.every(({repeats}) => repeats === 1));
});

test("[H1] after Twilio's response is lost, the first callback binds the call, and the key never dials again", async () => {
  flow.simulator.setFaults({createResponseLost: {times: 1}});
  const request = {body: {to: '+15550100502'}, headers: {'idempotency-key': 'lost-answer'}};
  const before = flow.simulator.calls().length;
  const lost = await flow.gateway.api('/api/calls', request);
  assert.deepEqual([lost.status, lost.body.code], [504, 'submission_unknown']);
  const found = await until(
    async () => {
      const again = await flow.gateway.api('/api/calls', request);
      return again.status === 201 && again;
    },
    {what: 'the key to find its call'},
  );
  assert.equal(found.headers.get('idempotent-replayed'), 'true');
  assert.equal(flow.simulator.calls().length, before + 1);
  await flow.expectSameState(found.body.callSid, 'completed');
});

test('[H1] [J7] after a kill between the dial and its response, the callback binds the call; it is not dialed again', async () => {
  // The response to create waits for a callback, which arrives after the kill.
  flow.simulator.setFaults({callbackBeforeCreateResponse: 1, delay: {minMs: 60_000, maxMs: 60_000}});
  const request = {
    body: {to: '+15550100001', twiml: '<Response><Pause length="3600"/></Response>'},
    headers: {'idempotency-key': 'killed-dialing'},
  };
  const before = flow.simulator.calls().length;
  const answer = flow.gateway.api('/api/calls', request).catch(() => undefined);
  const dialed = await until(() => flow.simulator.calls()[before], {what: 'the call at Twilio'});
  await until(() => flow.simulator.call(dialed.sid)?.status === 'in-progress', {what: 'the answer'});
  await flow.crash();
  assert.equal(await answer, undefined);
  const unknown = await flow.gateway.api('/api/calls', request);
  assert.deepEqual([unknown.status, unknown.body.code], [504, 'submission_unknown']);
  flow.simulator.setFaults({});
  flow.simulator.hangUp(dialed.sid);
  const found = await until(
    async () => {
      const again = await flow.gateway.api('/api/calls', request);
      return again.status === 201 && again;
    },
    {what: 'the key to find its call'},
  );
  assert.equal(flow.simulator.calls().length, before + 1);
  assert.deepEqual([found.body.callSid, found.body.providerStatus], [dialed.sid, 'completed']);
});
