import assert from 'node:assert/strict';
import {test} from 'node:test';
import {numbers, type Setup, setup, until} from './support.ts';

async function control({simulator}: Setup, method: string, path: string, body?: unknown) {
  const response = await fetch(`${simulator.url}/_simulator${path}`, {
    method,
    ...(body === undefined ? {} : {body: typeof body === 'string' ? body : JSON.stringify(body)}),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: (text === '' ? null : JSON.parse(text)) as Record<string, unknown> | null,
  };
}

test('a call can be placed, followed and ended over HTTP', async (t) => {
  const s = await setup(t);
  const [number] = await s.client.incomingPhoneNumbers.list();
  const voiceUrl = s.receiver.twiml('/voice', '<Gather action="/digits" timeout="600"/>');
  await s.client.incomingPhoneNumbers(number?.sid ?? '').update({voiceUrl});
  s.receiver.twiml('/digits', '<Pause length="600"/>');
  const placed = await control(s, 'POST', '/calls', {from: '+14155550123'});
  assert.equal(placed.status, 201);
  const sid = String(placed.body?.['sid']);
  await until(() => s.simulator.call(sid)?.status === 'in-progress');
  assert.equal((await control(s, 'POST', `/calls/${sid}/keys`, {keys: '12#'})).status, 200);
  await until(() => s.receiver.to('/digits').length === 1);
  assert.equal(s.receiver.to('/digits')[0]?.params['Digits'], '12');
  assert.equal((await control(s, 'GET', `/calls/${sid}`)).body?.['status'], 'in-progress');
  assert.equal((await control(s, 'POST', `/calls/${sid}/hang-up`)).body?.['status'], 'completed');
  assert.equal((await control(s, 'POST', `/calls/${sid}/hang-up`)).status, 409);
  const {calls} = (await control(s, 'GET', '/calls')).body ?? {};
  assert.equal((calls as unknown[]).length, 1);
  const deliveries = (await control(s, 'GET', `/deliveries?callSid=${sid}&kind=twiml`)).body?.['deliveries'];
  assert.equal((deliveries as unknown[]).length, 2);
});

test('scenarios and faults are set, shown and cleared over HTTP', async (t) => {
  const s = await setup(t);
  await control(s, 'PUT', '/scenarios', {numbers: '+49*', scenario: 'busy'});
  assert.deepEqual((await control(s, 'GET', '/scenarios')).body, {
    scenarios: [{pattern: '+49*', scenario: {outcome: 'busy'}}],
  });
  const call = await s.client.calls.create({to: '+4930123456', from: '+15005550006', twiml: '<Response/>'});
  await s.simulator.settled();
  assert.equal(s.simulator.call(call.sid)?.status, 'busy');
  assert.equal((await control(s, 'DELETE', '/scenarios')).status, 204);
  await control(s, 'PUT', '/faults', {tooManyRequests: {times: 1}});
  const create = () => s.client.calls.create({to: numbers.busy, from: '+15005550006', twiml: '<Response/>'});
  await assert.rejects(create(), {status: 429});
  assert.deepEqual((await control(s, 'GET', '/faults')).body, {
    faults: {tooManyRequests: {times: 1}},
    struck: {tooManyRequests: 1},
  });
  await create();
  assert.deepEqual((await control(s, 'DELETE', '/faults')).body, {faults: {}, struck: {}});
});

test('invalid input is 400, unknown paths 404, wrong methods 405, and pages of any origin may send requests', async (t) => {
  const s = await setup(t);
  for (const [method, path, body, status] of [
    ['POST', '/calls', {}, 400],
    ['POST', '/calls', '{', 400],
    ['POST', '/calls', {from: '+1', to: '+49301234'}, 400],
    ['POST', '/calls', {from: '+1', scenario: 'nonsense'}, 400],
    ['PUT', '/faults', {nonsense: 1}, 400],
    ['PUT', '/faults', [], 400],
    ['PUT', '/scenarios', {numbers: '+1', scenario: {outcome: 'x'}}, 400],
    // Unknown fields, parameters and paths, and wrong types.
    ['POST', '/calls', {from: '+1', form: '+2'}, 400],
    ['POST', '/calls', {from: 1}, 400],
    ['POST', '/calls', {from: '+1', scenario: 5}, 400],
    ['POST', '/calls', {from: '+1', scenario: {outcome: 'busy', ringseconds: 3}}, 400],
    ['POST', '/calls', {from: '+1', scenario: {ringSeconds: '3'}}, 400],
    ['POST', '/calls', {from: '+1', scenario: {ringSeconds: -1}}, 400],
    ['POST', '/calls', {from: '+1', applicationSid: `AP${'0'.repeat(32)}`}, 400],
    ['POST', '/calls', 'null', 400],
    ['PUT', '/scenarios', {numbers: '+1', scenario: 'busy', extra: 1}, 400],
    ['PUT', '/scenarios', {numbers: '+1'}, 400],
    ['PUT', '/scenarios', {numbers: '+1', scenario: {digits: 'xyz'}}, 400],
    ['PUT', '/scenarios', {numbers: '+1', scenario: 'constructor'}, 400],
    ['DELETE', '/scenarios', {numbers: '+1'}, 400],
    ['PUT', '/faults', {drop: 2}, 400],
    ['PUT', '/faults', {drop: {probabilty: 1}}, 400],
    ['PUT', '/faults', {drop: {statuses: ['answered']}}, 400],
    ['PUT', '/faults', {hang: {operations: ['creat']}}, 400],
    ['PUT', '/faults', {serverError: {status: 404}}, 400],
    ['PUT', '/faults', {toString: 1}, 400],
    ['PUT', '/clock', {mode: 'paused'}, 400],
    ['POST', '/clock/advance', {seconds: '5'}, 400],
    ['POST', '/clock/advance', {seconds: 5}, 400],
    ['POST', '/reset', {everything: true}, 400],
    ['GET', '/deliveries?sid=CA1', undefined, 400],
    ['GET', '/deliveries?kind=voice', undefined, 400],
    ['GET', '/calls?status=busy', undefined, 400],
    ['GET', '/calls/', undefined, 200],
    ['GET', '//calls', undefined, 404],
    ['GET', '/calls/x/y', undefined, 404],
    ['POST', '/clock', {}, 405],
    ['GET', '/recordings/RE1.wav', undefined, 404],
    ['GET', '/recordings/RE1.ogg', undefined, 404],
    ['GET', '/nothing', undefined, 404],
    ['GET', `/calls/CA${'0'.repeat(32)}`, undefined, 404],
    ['DELETE', '/calls', undefined, 405],
    ['OPTIONS', '/calls', undefined, 204],
  ] as const) {
    const answer = await control(s, method, path, body);
    assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(body)}`);
    if (status >= 400) assert.ok(String(answer.body?.['error']).length > 10, `${method} ${path}`);
  }
  const response = await fetch(`${s.simulator.url}/_simulator`);
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
});

test('an error names the field and the known values', async (t) => {
  const s = await setup(t);
  for (const [path, body, message] of [
    ['/calls', {from: '+1', form: '+2'}, /"form"/],
    ['/calls', {form: '+1'}, /from: .*; .*"form"/],
    ['/calls', {from: '+1', scenario: {ringSeconds: 'x'}}, /scenario\.ringSeconds/],
    ['/calls', {from: '+1', scenario: 'busi'}, /"busi"; known: answered, busy/],
    ['/calls', '{"from": ', /not JSON/],
  ] as const) {
    assert.match(String((await control(s, 'POST', path, body)).body?.['error']), message);
  }
  assert.match(
    String((await control(s, 'PUT', '/faults', {dorp: 1})).body?.['error']),
    /dorp; known: .*drop/,
  );
});

test('the far end can answer, decline and speak over HTTP; 409 if the call state does not allow it', async (t) => {
  const s = await setup(t, {manualClock: true});
  const create = async () => {
    const from = '+15005550006';
    const url = s.receiver.twiml('/voice', '<Gather input="speech" timeout="60" action="/heard"/>');
    const {sid} = await s.client.calls.create({to: '+15550101000', from, url});
    return sid;
  };
  s.receiver.twiml('/heard', '<Pause length="60"/>');
  const sid = await create();
  const early = await control(s, 'POST', `/calls/${sid}/answer`);
  assert.equal(early.status, 409);
  assert.match(String(early.body?.['error']), /answer is not possible/);
  assert.equal((await control(s, 'POST', '/clock/advance', {seconds: 1})).status, 200);
  assert.equal((await control(s, 'POST', `/calls/${sid}/answer`, {now: true})).status, 400);
  assert.equal((await control(s, 'POST', `/calls/${sid}/answer`)).body?.['status'], 'in-progress');
  assert.equal((await control(s, 'POST', `/calls/${sid}/answer`)).status, 409);
  await control(s, 'POST', '/clock/advance', {seconds: 1});
  for (const body of [{}, {text: ''}, {text: 5}, {text: 'x', keys: '1'}]) {
    assert.equal((await control(s, 'POST', `/calls/${sid}/speak`, body)).status, 400);
  }
  for (const body of [{}, {keys: ''}, {keys: 'hello'}, {keys: 12}]) {
    assert.equal((await control(s, 'POST', `/calls/${sid}/keys`, body)).status, 400);
  }
  assert.equal((await control(s, 'POST', `/calls/${sid}/speak`, {text: 'hello'})).status, 200);
  await control(s, 'POST', '/clock/advance', {seconds: 0});
  assert.equal(s.receiver.to('/heard')[0]?.params['SpeechResult'], 'hello');
  const steps = (await control(s, 'GET', `/calls/${sid}/twiml`)).body?.['steps'] as {verb: string}[];
  assert.deepEqual(
    steps.map(({verb}) => verb),
    ['Gather', 'Pause'],
  );
  const second = await create();
  await control(s, 'POST', '/clock/advance', {seconds: 1});
  assert.equal((await control(s, 'POST', `/calls/${second}/decline`, {status: 'failed'})).status, 400);
  assert.equal(
    (await control(s, 'POST', `/calls/${second}/decline`, {status: 'busy'})).body?.['status'],
    'busy',
  );
  assert.equal((await control(s, 'POST', '/reset')).status, 204);
  assert.deepEqual((await control(s, 'GET', '/calls')).body, {calls: []});
  assert.equal((await control(s, 'PUT', '/clock', {mode: 'running'})).body?.['mode'], 'running');
});
