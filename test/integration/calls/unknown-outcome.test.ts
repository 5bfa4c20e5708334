/**
 * Twilio's answer is lost, late, wrong or missing: the client's response, and that nothing is dialed twice
 * (H1).
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {TwilioRest} from '../../../src/twilio/rest/twilio-rest.ts';
import {freePort} from '../../support/gateway/free-port.ts';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {until} from '../../support/until.ts';

const BODY = {
  to: '+15550100001',
  twiml: '<Response><Pause length="600"/></Response>',
  metadata: {order: 'A-17'},
};

test('[H1] [J5] a lost create response is 504, then a callback binds call, owner and metadata, and the key finds it', async () => {
  await using http = await startHttpGateway();
  const {gateway} = http;
  // The call exists at Twilio, and no callback arrives before the test has looked.
  gateway.simulator.setFaults({createResponseLost: {times: 1}, delay: {minMs: 400, maxMs: 400}});
  const lost = await http.place(BODY, 'order-1');
  assertProblem(lost, {status: 504, code: 'submission_unknown'});
  assertProblem(await http.place(BODY, 'order-1'), {status: 504, code: 'submission_unknown'});
  const [simulated] = gateway.simulator.calls();
  assert.ok(simulated);
  const bound = await gateway.callIn(simulated.sid, 'in-progress');
  assert.equal(bound.user, 'operator');
  assert.deepEqual(bound.metadata, {order: 'A-17'});
  const found = await http.place(BODY, 'order-1');
  assert.equal(found.status, 201);
  assert.equal(found.headers.get('idempotent-replayed'), 'true');
  assert.equal(found.body.callSid, simulated.sid);
  assert.equal(gateway.simulator.calls().length, 1, 'never two calls for one key');
  assert.equal(http.twilio.of('create').length, 1);
});

test('[H1] if a callback overtakes the create response, 201 returns the call in its latest state', async () => {
  await using http = await startHttpGateway();
  const {gateway} = http;
  gateway.simulator.setFaults({callbackBeforeCreateResponse: 1});
  const placed = await http.place(BODY, 'order-1');
  assert.equal(placed.status, 201);
  assert.notEqual(placed.body.providerStatus, 'queued');
  assert.deepEqual(placed.body.metadata, {order: 'A-17'});
  assert.equal(placed.body.user, 'operator');
  const {body} = await gateway.api(`/api/calls/${placed.body.callSid}`);
  const late = body.events.find((event: {source: string}) => event.source === 'api');
  assert.equal(late.verdict, 'late');
  assert.equal((await http.place(BODY, 'order-1')).body.callSid, placed.body.callSid);
});

test('[H1] [H6] if Twilio refuses, 422 returns its code and status, and the key is free again', async () => {
  await using http = await startHttpGateway();
  const refused = await http.place({...BODY, to: '+15005550003'}, 'order-1');
  assertProblem(refused, {status: 422, code: 'provider_error'});
  const {providerCode, providerStatus, moreInfo} = refused.body.context;
  assert.deepEqual(
    {providerCode, providerStatus, moreInfo},
    {providerCode: 21215, providerStatus: 400, moreInfo: 'https://www.twilio.com/docs/errors/21215'},
  );
  const placed = await http.place(BODY, 'order-1');
  assert.equal(placed.status, 201, 'also with another body');
  assert.equal(placed.headers.get('idempotent-replayed'), null);
});

test('[H1] wrong credentials are a provider_error that names Twilio and its 401', async () => {
  await using http = await startHttpGateway({env: {TWILIO_AUTH_TOKEN: 'not-the-token-of-this-account'}});
  const answer = await http.place(BODY);
  assertProblem(answer, {status: 502, code: 'provider_error'});
  assert.equal(answer.body.context.providerCode, 20003);
  assert.equal(answer.body.context.providerStatus, 401);
});

test('[H1] a Twilio 5xx is a provider_error, and the key stays taken, because the call may exist', async () => {
  await using http = await startHttpGateway();
  http.gateway.simulator.setFaults({serverError: {times: 1, status: 503}});
  const answer = await http.place(BODY, 'order-1');
  assertProblem(answer, {status: 502, code: 'provider_error'});
  assert.equal(answer.body.context.providerStatus, 503);
  assert.equal(answer.body.context.outcome, 'unknown');
  assertProblem(await http.place(BODY, 'order-1'), {status: 504, code: 'submission_unknown'});
  assert.equal(http.twilio.of('create').length, 1);
});

test('[H1] a Twilio 429 is passed on with Retry-After, and the key is free, because nothing was processed', async () => {
  await using http = await startHttpGateway();
  http.gateway.simulator.setFaults({tooManyRequests: {times: 1}});
  const answer = await http.place(BODY, 'order-1');
  assertProblem(answer, {status: 429, code: 'provider_error'});
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.equal(answer.body.context.providerCode, 20429);
  assert.equal((await http.place(BODY, 'order-1')).status, 201);
});

test('[H1] a refused connection sent nothing, so the answer is provider_error and the key is free', async () => {
  const port = await freePort();
  await using http = await startHttpGateway({env: {TWILIO_API_URL: `http://127.0.0.1:${port}`}});
  for (let attempt = 0; attempt < 2; attempt += 1) {
    assertProblem(await http.place(BODY, 'order-1'), {status: 502, code: 'provider_error'});
  }
});

test('[H1] if Twilio hangs, 504 is returned at the deadline, and the key stays taken', async () => {
  const asked: string[] = [];
  await using http = await startHttpGateway({
    twilio: ({twilio}) => new TwilioRest({...twilio, timeoutMs: 300}),
  });
  http.gateway.simulator.setFaults({hang: 1});
  http.twilio.intercept = ({operation}) => {
    asked.push(operation);
    return undefined;
  };
  assertProblem(await http.place(BODY, 'order-1'), {status: 504, code: 'submission_unknown'});
  assertProblem(await http.place(BODY, 'order-1'), {status: 504, code: 'submission_unknown'});
  assert.deepEqual(asked, ['create']);
});

for (const [what, answer] of [
  ['names no call', {status: 201, body: {}}],
  ['has no known status', {status: 201, body: {sid: `CA${'0'.repeat(32)}`, status: 'dreaming'}}],
  ['redirects', {status: 302, body: {}}],
] as const) {
  test(`[H1] an answer that ${what} leaves the outcome open`, async () => {
    await using http = await startHttpGateway();
    http.twilio.intercept = () => answer;
    const first = await http.place(BODY, 'order-1');
    assert.ok(first.status >= 500, first.text);
    assertProblem(await http.place(BODY, 'order-1'), {status: 504, code: 'submission_unknown'});
    assert.equal(http.twilio.of('create').length, 1);
  });
}

test('[H1] joined duplicates of a request with a lost answer get the same response', async () => {
  await using http = await startHttpGateway();
  http.twilio.intercept = () => 'cut';
  const answers = await Promise.all(Array.from({length: 5}, () => http.place(BODY, 'order-1')));
  for (const answer of answers) assertProblem(answer, {status: 504, code: 'submission_unknown'});
  assert.equal(http.twilio.of('create').length, 1);
  await until(() => http.gateway.logs.some((line) => line.includes('call unknown')));
});
