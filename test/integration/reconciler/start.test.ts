/** Calls left open by an earlier run, and failures of Twilio (J6, J7). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

const BODY = {to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'};

test('[J6] on start, calls left open are looked up at once, in any state', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock});
  const {gateway} = http;
  gateway.simulator.setFaults({drop: {statuses: ['completed']}});
  const ended = await gateway.place(BODY);
  const inProgress = await gateway.place(BODY);
  await http.waitForStatus(ended, 'in-progress');
  await http.waitForStatus(inProgress, 'in-progress');
  gateway.simulator.hangUp(ended);
  await gateway.restart();
  const {events} = await gateway.callIn(ended, 'completed');
  assert.equal(events.at(-1).source, 'reconcile');
  assert.equal((await gateway.callIn(inProgress, 'in-progress')).legs.length, 0);
  await until(() => http.twilio.of('fetch').length === 2);
  assert.equal(http.twilio.of('update').length, 0, 'it never hangs up');
  assert.equal(http.twilio.of('create').length, 2, 'never dials');
});

test('[J6] a call that Twilio does not know three times in a row has ended', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock});
  const {gateway} = http;
  const talking = someCallSid(1);
  const ringing = someCallSid(2);
  for (const [sid, status] of [
    [talking, 'in-progress'],
    [ringing, 'ringing'],
  ] as const) {
    await postWebhook(
      gateway,
      statusFields(gateway, {CallSid: sid, CallStatus: status, SequenceNumber: '2'}),
    );
  }
  await until(async () => {
    clock.advance(30_000);
    const {body} = await gateway.api('/api/calls?status=ended');
    return body.calls.length === 2;
  });
  await gateway.callIn(talking, 'completed');
  const failed = await gateway.callIn(ringing, 'failed');
  assert.equal(failed.events.at(-1).source, 'reconcile');
  for (const sid of [talking, ringing]) {
    assert.equal(http.twilio.of('fetch').filter(({callSid}) => callSid === sid).length, 3);
  }
});

test('[J6] if Twilio is down, refuses or sends nonsense, the gateway continues and retries', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock});
  const {gateway} = http;
  gateway.simulator.setFaults({drop: {statuses: ['completed']}});
  const callSid = await gateway.place(BODY);
  await http.waitForStatus(callSid, 'in-progress');
  gateway.simulator.hangUp(callSid);
  const moods = ['cut', {status: 500, body: {}}, {status: 401, body: {code: 20003}}, {status: 200, body: []}];
  for (const [at, mood] of moods.entries()) {
    http.twilio.intercept = () => mood as 'cut';
    clock.advance(600_000);
    await until(() => http.twilio.of('fetch').length === at + 1);
    await until(
      () => gateway.logs.filter((line) => line.includes('could not look up a call')).length === at + 1,
    );
    assert.equal((await gateway.api('/healthz')).status, 200);
  }
  http.twilio.intercept = undefined;
  await until(async () => {
    clock.advance(30_000);
    return (await gateway.api(`/api/calls/${callSid}`)).body.providerStatus === 'completed';
  });
});

test('[J6] a found status that cannot be written is found again', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({clock, failingJournal: true});
  const {gateway} = http;
  gateway.simulator.setFaults({drop: {statuses: ['completed']}});
  const callSid = await gateway.place(BODY);
  await http.waitForStatus(callSid, 'in-progress');
  gateway.simulator.hangUp(callSid);
  http.journal.fill();
  await until(() => {
    clock.advance(30_000);
    return gateway.logs.some((line) => line.includes('could not reconcile'));
  });
  http.journal.recover();
  await until(async () => {
    clock.advance(30_000);
    return (await gateway.api(`/api/calls/${callSid}`)).body.providerStatus === 'completed';
  });
});
