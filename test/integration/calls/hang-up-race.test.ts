/** A call that is answered while it is being canceled. The gateway resolves the race, not the client (W7). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type HttpGateway, startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {until} from '../../support/until.ts';

/** Rings until the test answers it, and stays in progress until it is ended. */
const BODY = {to: '+15550100780', timeout: 600, twiml: '<Response><Pause length="600"/></Response>'};
/** A higher simulation speed, so that callbacks arrive quickly. */
const SPEED = {speed: 10};

function disconnect({gateway}: HttpGateway, callSid: string) {
  return gateway.api(`/api/calls/${callSid}/actions`, {body: {action: 'disconnect'}});
}

function requestedStatuses(http: HttpGateway): (string | null)[] {
  return http.twilio.of('update').map(({form}) => form.get('Status'));
}

/** A call that is ringing in the journal and in progress at Twilio, because its `in-progress` was lost. */
async function answeredUnnoticed(http: HttpGateway): Promise<string> {
  const {gateway} = http;
  gateway.simulator.setFaults({drop: {statuses: ['in-progress']}});
  const callSid = await gateway.place({...BODY, to: '+15550100703'});
  await http.waitForStatus(callSid, 'ringing');
  await until(() => gateway.simulator.call(callSid)?.status === 'in-progress');
  return callSid;
}

test('[W7] if Twilio ignores the cancellation of an answered call, the gateway completes it with 202', async () => {
  await using http = await startHttpGateway({simulator: SPEED});
  const callSid = await answeredUnnoticed(http);
  assert.equal((await disconnect(http, callSid)).status, 202);
  assert.deepEqual(requestedStatuses(http), ['canceled', 'completed']);
  await http.gateway.callIn(callSid, 'completed');
});

test('[W7] if Twilio refuses the cancellation with 400, the gateway looks the call up and completes it', async () => {
  await using http = await startHttpGateway({simulator: SPEED});
  const callSid = await answeredUnnoticed(http);
  http.twilio.intercept = ({operation, form}) =>
    operation === 'update' && form.get('Status') === 'canceled'
      ? {status: 400, body: {code: 20001, message: 'Call is not in a cancelable state', status: 400}}
      : undefined;
  assert.equal((await disconnect(http, callSid)).status, 202);
  assert.deepEqual(requestedStatuses(http), ['canceled', 'completed']);
  await http.gateway.callIn(callSid, 'completed');
});

test('[W7] if the cancellation is refused and the call is still ringing, the refusal is returned', async () => {
  await using http = await startHttpGateway({simulator: SPEED});
  const callSid = await http.gateway.place(BODY);
  await http.waitForStatus(callSid, 'ringing');
  http.twilio.intercept = ({operation}) =>
    operation === 'update'
      ? {status: 400, body: {code: 20001, message: 'No, for once', status: 400}}
      : undefined;
  const answer = await disconnect(http, callSid);
  assertProblem(answer, {status: 422, code: 'provider_error'});
  assert.equal(answer.body.context.providerCode, 20001);
});

test("[W7] a call answered between our decision and Twilio's ends, even if its callback follows the canceled answer", async () => {
  // The clock stands still, so only the callback can help, and no check.
  await using http = await startHttpGateway({simulator: SPEED, clock: new ManualClock()});
  const {gateway} = http;
  gateway.simulator.setFaults({delay: {minMs: 2500, maxMs: 2500, statuses: ['in-progress']}});
  const callSid = await gateway.place({...BODY, to: '+15550100703'});
  await http.waitForStatus(callSid, 'ringing');
  http.twilio.intercept = async ({operation}) => {
    if (operation === 'update') await until(() => gateway.simulator.call(callSid)?.status === 'in-progress');
    return undefined;
  };
  // REST lags behind, as Twilio documents. Its answer still says ringing, so only the callback shows the new
  // status.
  http.twilio.afterwards = ({form}, answer) =>
    form.get('Status') === 'canceled'
      ? {...answer, body: {...(answer.body as object), status: 'ringing'}}
      : undefined;
  assert.equal((await disconnect(http, callSid)).status, 202);
  assert.deepEqual(requestedStatuses(http), ['canceled']);
  await gateway.callIn(callSid, 'completed');
  assert.deepEqual(requestedStatuses(http), ['canceled', 'completed']);
});

test('[W7] if all callbacks are lost and REST lags, the check finds the call in progress and ends it', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({simulator: SPEED, clock});
  const callSid = await answeredUnnoticed(http);
  http.twilio.afterwards = ({form}, answer) =>
    form.get('Status') === 'canceled'
      ? {...answer, body: {...(answer.body as object), status: 'ringing'}}
      : undefined;
  assert.equal((await disconnect(http, callSid)).status, 202);
  assert.deepEqual(requestedStatuses(http), ['canceled']);
  clock.advance(1500);
  await http.gateway.callIn(callSid, 'completed');
  assert.deepEqual(requestedStatuses(http), ['canceled', 'completed']);
});

test('[W7] if completing the answered call fails at first, the client gets the error and can retry', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({simulator: SPEED, clock});
  const {gateway} = http;
  const callSid = await gateway.place(BODY);
  await http.waitForStatus(callSid, 'ringing');
  http.twilio.intercept = ({operation, form}) => {
    if (operation !== 'update') return undefined;
    return form.get('Status') === 'canceled'
      ? {status: 200, body: {sid: callSid, status: 'in-progress'}}
      : {status: 500, body: {code: 20500, message: 'no', status: 500}};
  };
  assertProblem(await disconnect(http, callSid), {status: 502, code: 'provider_error'});
  assertProblem(await disconnect(http, callSid), {status: 502, code: 'provider_error'});
  http.twilio.intercept = undefined;
  assert.equal((await disconnect(http, callSid)).status, 202);
  await gateway.callIn(callSid, 'canceled');
});

test('[W7] a check finds the end of a canceled call whose callback was lost', async () => {
  const clock = new ManualClock();
  await using http = await startHttpGateway({simulator: SPEED, clock});
  const {gateway} = http;
  gateway.simulator.setFaults({drop: {statuses: ['completed']}});
  const callSid = await gateway.place({...BODY, to: '+15550100703'});
  await http.waitForStatus(callSid, 'in-progress');
  assert.equal((await disconnect(http, callSid)).status, 202);
  clock.advance(1500);
  const {events} = await gateway.callIn(callSid, 'completed');
  assert.equal(events.at(-1).source, 'reconcile');
});
