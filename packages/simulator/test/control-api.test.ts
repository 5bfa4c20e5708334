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

test('a call can be placed, watched and ended over HTTP', async (t) => {
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

test('wrong input is 400, unknown paths 404, wrong methods 405, and pages of any origin may ask', async (t) => {
  const s = await setup(t);
  for (const [method, path, body, status] of [
    ['POST', '/calls', {}, 400],
    ['POST', '/calls', '{', 400],
    ['POST', '/calls', {from: '+1', to: '+49301234'}, 400],
    ['POST', '/calls', {from: '+1', scenario: 'nonsense'}, 400],
    ['PUT', '/faults', {nonsense: 1}, 400],
    ['PUT', '/faults', [], 400],
    ['PUT', '/scenarios', {numbers: '+1', scenario: {outcome: 'x'}}, 400],
    ['GET', '/nothing', undefined, 404],
    ['GET', `/calls/CA${'0'.repeat(32)}`, undefined, 404],
    ['DELETE', '/calls', undefined, 405],
    ['OPTIONS', '/calls', undefined, 204],
  ] as const) {
    assert.equal((await control(s, method, path, body)).status, status, `${method} ${path}`);
  }
  const response = await fetch(`${s.simulator.url}/_simulator`);
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
});
