/** Controlling a simulated Twilio through the gateway. */
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {test} from 'node:test';
import {defaultAccountSid} from '@hookswitch/simulator';
import {startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {assertProblem, rawRequest} from '../../support/http/http-request.ts';
import {until} from '../../support/until.ts';

const run = (gateway: TestGateway, id: string) =>
  gateway.api(`/api/simulator/scenarios/${id}`, {method: 'POST'});
const setFaults = (gateway: TestGateway, active: unknown) =>
  gateway.api('/api/simulator/faults', {method: 'PUT', body: {active}});

test('every scenario does what its button says', async () => {
  await using gateway = await startGateway({simulator: {speed: 100}});
  const {status, body} = await gateway.api('/api/simulator');
  assert.equal(status, 200);
  const session = await gateway.session();
  const outcomes: Record<string, string> = {
    'answered-then-hangs-up': 'completed',
    busy: 'busy',
    'no-answer': 'no-answer',
    failed: 'failed',
    canceled: 'canceled',
    machine: 'completed',
    'inbound-answered': 'completed',
    'inbound-gives-up': 'no-answer',
  };
  const ids: string[] = body.scenarios.map(({id}: {id: string}) => id);
  assert.deepEqual(ids.toSorted(), [...Object.keys(outcomes), 'answered', 'legs', 'burst'].toSorted());
  for (const [id, expected] of Object.entries(outcomes)) {
    const placed = await run(gateway, id);
    assert.equal(placed.status, 201, placed.text);
    const {callSid} = placed.body;
    const statuses = () => session.of('call.status').filter((message) => message.callSid === callSid);
    await until(() => statuses().at(-1)?.providerStatus === expected, {what: `${id} to end ${expected}`});
    const scenario = body.scenarios.find((each: {id: string}) => each.id === id);
    const shown = statuses()[0];
    assert.equal(scenario.direction === 'inbound' ? shown?.from : shown?.to, scenario.number);
    if (id.startsWith('inbound')) assert.equal(shown?.providerStatus, 'ringing', 'the ringing is visible');
  }
  const machine = gateway.simulator.calls().find(({to}) => to === '+15550100601');
  assert.equal(machine?.answeredBy, 'machine_start');
});

test('answered stays in progress, legs has a second leg, and a burst is twenty calls', async () => {
  await using gateway = await startGateway();
  const {callSid} = (await run(gateway, 'answered')).body;
  await until(() => gateway.simulator.call(callSid)?.status === 'in-progress');
  const legs = (await run(gateway, 'legs')).body.callSid;
  await until(() => gateway.simulator.calls().some(({parentCallSid}) => parentCallSid === legs));
  const before = gateway.simulator.calls().length;
  assert.equal((await run(gateway, 'burst')).status, 201);
  assert.equal(gateway.simulator.calls().length, before + 20);
});

test('calls of a scenario belong to its user and count towards the limits', async () => {
  await using gateway = await startGateway({
    env: {ALLOWED_DESTINATIONS: '+1555010010', MAX_CALLS_PER_MINUTE: '1'},
  });
  assertProblem(await run(gateway, 'answered'), {status: 403, code: 'forbidden'});
  assert.equal((await run(gateway, 'busy')).status, 201);
  assertProblem(await run(gateway, 'busy'), {status: 429, code: 'rate_limited'});
});

test('faults can be switched on and off, and take effect', async () => {
  await using gateway = await startGateway();
  const {body: info} = await gateway.api('/api/simulator');
  const ids: string[] = info.faults.map(({id}: {id: string}) => id);
  assert.ok(info.faults.every(({active}: {active: boolean}) => !active));
  const all = await setFaults(gateway, ids);
  assert.equal(all.status, 200, all.text);
  assert.ok(all.body.faults.every(({active}: {active: boolean}) => active));

  await setFaults(gateway, ['too-many-requests']);
  assertProblem(await run(gateway, 'busy'), {status: 429, code: 'provider_error'});
  await setFaults(gateway, ['server-error']);
  assertProblem(await run(gateway, 'busy'), {status: 502, code: 'provider_error'});
  await setFaults(gateway, ['create-response-lost']);
  assertProblem(await run(gateway, 'busy'), {status: 504, code: 'submission_unknown'});
  await setFaults(gateway, ['repeated']);
  const {callSid} = (await run(gateway, 'busy')).body;
  await gateway.simulator.settled();
  const sent = gateway.simulator.deliveries().filter((delivery) => delivery.callSid === callSid);
  assert.ok(sent.length > 0);
  for (const {attempts} of sent)
    assert.deepEqual(
      attempts.map(({cause}) => cause),
      ['first', 'repeat'],
    );
  const none = await setFaults(gateway, []);
  assert.ok(none.body.faults.every(({active}: {active: boolean}) => !active));
});

test('invalid requests are problems and change nothing', async () => {
  await using gateway = await startGateway();
  assertProblem(await run(gateway, 'nonsense'), {status: 404, code: 'not_found'});
  for (const active of [undefined, 'repeated', [1], ['nonsense'], Array(33).fill('repeated')])
    assertProblem(await setFaults(gateway, active), {status: 400, code: 'invalid_request'});
  assert.deepEqual(gateway.simulator.faults().faults, {});
  const wrong = await gateway.api('/api/simulator/faults', {method: 'POST', body: {active: []}});
  assertProblem(wrong, {status: 405, code: 'method_not_allowed'});
  assert.equal(wrong.headers.get('allow'), 'PUT');
  for (const [method, path] of [
    ['GET', '/api/simulator'],
    ['POST', '/api/simulator/scenarios/busy'],
    ['PUT', '/api/simulator/faults'],
  ] as const)
    assertProblem(await rawRequest(gateway.url, {method, path}), {status: 401, code: 'unauthorized'});
});

test('info says simulated even if the simulator is down, and its controls report that it is down', async () => {
  await using gateway = await startGateway();
  const simulated = async () => (await gateway.api('/api/info')).body.simulated;
  await until(simulated);
  await gateway.simulator.stop();
  assert.equal(await simulated(), true);
  assertProblem(await gateway.api('/api/simulator'), {status: 502, code: 'provider_error'});
});

test('without a simulated Twilio there are no controls', async () => {
  // A foreign HTTP server at TWILIO_API_URL.
  const stranger = createServer((_request, response) => {
    response.writeHead(200, {'content-type': 'application/json'});
    // Even with our account: the gateway must not use the controls of another simulator.
    response.end(JSON.stringify({accountSid: defaultAccountSid}));
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  try {
    const {port} = stranger.address() as AddressInfo;
    for (const url of [`http://127.0.0.1:${port}`, 'http://127.0.0.1:9', 'https://api.twilio.com']) {
      await using gateway = await startGateway({env: {TWILIO_API_URL: url}});
      assert.equal((await gateway.api('/api/info')).body.simulated, false);
      assertProblem(await gateway.api('/api/simulator'), {status: 404, code: 'not_found'});
      assertProblem(await run(gateway, 'busy'), {status: 404, code: 'not_found'});
      assertProblem(await setFaults(gateway, []), {status: 404, code: 'not_found'});
    }
  } finally {
    stranger.close();
  }
});
