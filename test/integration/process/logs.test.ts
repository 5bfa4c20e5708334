/**
 * The gateway's log: JSON lines without secrets and complete phone numbers (E, seed "Log all errors with
 * context").
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openBench} from '../../support/gateway/process-gateway.ts';
import {until} from '../../support/until.ts';
import {TestClient} from '../../support/websocket/client.ts';

const KEY = 'process-access-key-0123456789';
const ALTERNATE = 'canary-alternate-token-1111111111';

test('[E] LOG_LEVEL=trace: every line is JSON with time and level, and has no token, key or number', async () => {
  await using bench = await openBench();
  const started = await bench.start({LOG_LEVEL: 'trace', TWILIO_AUTH_TOKEN_ALTERNATE: ALTERNATE}).listening();
  const client = new TestClient(`${bench.url.replace('http', 'ws')}/ws`, {token: KEY});
  await client.ready();
  const place = (body: unknown) =>
    bench.api('/api/calls', {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify(body),
    });
  assert.equal((await place({to: '+15550100503', metadata: {a: 'b'}})).status, 201);
  assert.equal((await place({to: '+15005550003'})).status, 422);
  bench.simulator.setFaults({serverError: {times: 1}});
  assert.equal((await place({to: '+15550100001'})).status, 502);
  await bench.api(`/api/calls?token=${KEY}`, {headers: {authorization: `Bearer ${KEY}x`}});
  await fetch(`${bench.url}/twilio/status`, {
    method: 'POST',
    headers: {'x-twilio-signature': 'canary-signature'},
    body: new URLSearchParams({From: '+15550100503'}),
  });
  await client.receive('call.status', ({status}) => status === 'completed');
  client.terminate();
  await until(() => started.stdout.includes('session closed'));
  started.signal('SIGTERM');
  assert.equal(await started.exited(), 0);
  for (const line of started.lines) {
    assert.equal(typeof line.msg, 'string');
    assert.ok(['trace', 'debug', 'info', 'warn', 'error'].includes(line.level), line.level);
    assert.ok(!Number.isNaN(Date.parse(line.time)));
  }
  const all = started.stdout + started.stderr;
  const {simulator} = bench;
  for (const canary of [
    KEY,
    ALTERNATE,
    simulator.authToken,
    'canary-signature',
    Buffer.from(`${simulator.accountSid}:${simulator.authToken}`).toString('base64'),
    '5550100503',
    '5005550003',
    simulator.phoneNumber.slice(1),
  ]) {
    assert.ok(!all.includes(canary), canary);
  }
  assert.ok(started.lines.some((line) => line.msg === 'call placed'));
  assert.ok(started.lines.some((line) => line.msg === 'webhook refused'));
  assert.ok(started.lines.some((line) => line.msg === 'call unknown'));
});

test('[E] LOG_LEVEL=error logs nothing during normal operation', async () => {
  await using bench = await openBench();
  const started = bench.start({LOG_LEVEL: 'error'});
  await until(
    async () => {
      const response = await fetch(`${bench.url}/healthz`).catch(() => undefined);
      return response?.status === 200;
    },
    {timeoutMs: 30_000},
  );
  started.signal('SIGTERM');
  assert.equal(await started.exited(), 0);
  assert.equal(started.stdout, '');
});
