/** `/api/health` over HTTP: access, run frequency and unknown paths. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {healthCheckIds, type Scope} from '@hookswitch/protocol';
import {JWT_SECRET, signToken} from '../../support/auth/tokens.ts';
import {startGateway} from '../../support/gateway/gateway.ts';
import {assertProblem, rawRequest} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {until} from '../../support/until.ts';

test('health shows the last results, of all checks or one, and runs at most every few seconds', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const {body: before} = await gateway.api('/api/health');
  assert.deepEqual(
    before.checks.map(({id, status}: {id: string; status: string}) => [id, status]),
    healthCheckIds.map((id) => [id, 'not-run']),
  );
  const {status, body} = await gateway.api('/api/health/checks', {method: 'POST'});
  assert.equal(status, 200);
  for (const check of body.checks) {
    assert.notEqual(check.status, 'not-run', check.id);
    assert.ok(check.title !== '' && check.summary.endsWith('.'), check.summary);
    assert.equal(new Date(check.checkedAt).toISOString(), check.checkedAt);
  }
  assert.deepEqual((await gateway.api('/api/health')).body, body);
  for (const path of ['/api/health/checks', '/api/health/checks/clock']) {
    const again = await gateway.api(path, {method: 'POST'});
    assertProblem(again, {status: 429, code: 'rate_limited'});
    assert.equal(again.headers.get('retry-after'), '3');
  }
  clock.advance(3000);
  assert.equal((await gateway.api('/api/health/checks/clock', {method: 'POST'})).status, 200);
});

test('a missing token is 401, an unknown path 404, and another method 405 with Allow', async () => {
  await using gateway = await startGateway();
  const paths = [
    ['GET', '/api/health'],
    ['POST', '/api/health/checks'],
    ['POST', '/api/health/checks/clock'],
    ['POST', '/api/health/actions/point-number-here'],
    ['GET', '/api/health/series'],
  ] as const;
  for (const [method, path] of paths) {
    assertProblem(await rawRequest(gateway.url, {method, path}), {status: 401, code: 'unauthorized'});
    const other = await gateway.api(path, {method: 'DELETE'});
    assertProblem(other, {status: 405, code: 'method_not_allowed'});
    assert.equal(other.headers.get('allow'), method === 'GET' ? 'GET, HEAD' : 'POST');
  }
  for (const path of ['/api/health/checks/nonsense', '/api/health/actions/nonsense', '/api/health/checks/'])
    assertProblem(await gateway.api(path, {method: 'POST'}), {status: 404, code: 'not_found'});
  assertProblem(await gateway.api('/api/health/'), {status: 404, code: 'not_found'});
});

test('the metric samples grow by one every five seconds', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  assert.deepEqual((await gateway.api('/api/health/series')).body, {intervalMs: 5000, samples: []});
  const session = await gateway.session();
  await gateway.place({to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'});
  await session.receive('call.status', (message) => message.status === 'in-progress');
  clock.advance(5000);
  const {samples} = await until(async () => {
    const {body} = await gateway.api('/api/health/series');
    return body.samples.length === 1 && body;
  });
  const [sample] = samples;
  assert.equal(sample.sessions, 1);
  assert.equal(sample.activeCalls, 1);
  assert.ok(sample.webhooks >= 2 && sample.refused === 0);
  assert.ok(sample.messagesSent >= 2);
  assert.ok(sample.appendP99Ms >= sample.appendP50Ms);
  assert.ok(sample.rssBytes > 1e7 && sample.cpuPercent >= 0 && sample.eventLoopP99Ms >= 0);
  await session.close();
});

test('reading does not permit actions: each route needs its own scope', async () => {
  await using gateway = await startGateway({env: {AUTH_JWT_SECRET: JWT_SECRET}});
  const ask = (scope: Scope, method: string, path: string) =>
    gateway.api(path, {
      method,
      headers: {authorization: `Bearer ${signToken('alice', {scope: [scope]})}`},
    });
  const reads = [
    ['GET', '/api/health'],
    ['POST', '/api/health/checks/origins'],
    ['GET', '/api/health/series'],
  ] as const;
  const acts = [
    ['POST', '/api/health/actions/point-number-here'],
    ['GET', '/api/simulator'],
    ['POST', '/api/simulator/scenarios/busy'],
    ['PUT', '/api/simulator/faults'],
  ] as const;
  for (const [method, path] of reads) {
    assert.equal((await ask('sessions:read', method, path)).status, 200, path);
    assertProblem(await ask('calls:control:all', method, path), {status: 403, code: 'forbidden'});
  }
  for (const [method, path] of acts)
    for (const scope of ['sessions:read', 'calls:control', 'calls:read:all'] as const)
      assertProblem(await ask(scope, method, path), {status: 403, code: 'forbidden'});
  assert.equal((await ask('calls:control:all', 'GET', '/api/simulator')).status, 200);
  const placed = await ask('calls:control:all', 'POST', '/api/simulator/scenarios/busy');
  assert.equal(placed.status, 201);
  // The call belongs to the user who requested it.
  assert.equal((await gateway.api(`/api/calls/${placed.body.callSid}`)).body.user, 'alice');
});
