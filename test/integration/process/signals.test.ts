/** How a gateway shuts down: drained and in time, even with hanging peers; and how it restarts. */
import assert from 'node:assert/strict';
import {Agent, request as httpRequest} from 'node:http';
import {connect} from 'node:net';
import {text as readText} from 'node:stream/consumers';
import {test} from 'node:test';
import twilio from 'twilio';
import {openBench, type ProcessBench} from '../../support/gateway/process-gateway.ts';
import {someCallSid} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {TestClient} from '../../support/websocket/client.ts';

const KEY = 'process-access-key-0123456789';
const BODY = {to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'};

function session(bench: ProcessBench): TestClient {
  return new TestClient(`${bench.url.replace('http', 'ws')}/ws`, {token: KEY});
}

async function place(bench: ProcessBench): Promise<string> {
  const headers = {'content-type': 'application/json'};
  const response = await bench.api('/api/calls', {method: 'POST', headers, body: JSON.stringify(BODY)});
  assert.equal(response.status, 201);
  return ((await response.json()) as {callSid: string}).callSid;
}

/** A signed webhook whose body is sent in two parts. `finish` sends the second part. */
function slowWebhook(bench: ProcessBench, number: number, agent?: Agent) {
  const fields = {
    AccountSid: bench.simulator.accountSid,
    CallSid: someCallSid(number),
    CallStatus: 'ringing',
    Direction: 'inbound',
  };
  const body = new URLSearchParams(fields).toString();
  const url = `${bench.url}/twilio/status`;
  const request = httpRequest(url, {
    method: 'POST',
    ...(agent === undefined ? {} : {agent}),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
      'x-twilio-signature': twilio.getExpectedTwilioSignature(bench.simulator.authToken, url, fields),
    },
  });
  const answered = new Promise<number>((resolve, reject) => {
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once('error', reject);
  });
  request.write(body.slice(0, 20));
  return {answered, finish: () => request.end(body.slice(20)), request};
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: sessions are closed with 1001, the process exits with 0, and the journal opens again`, async () => {
    await using bench = await openBench();
    const started = await bench.start().listening();
    const client = session(bench);
    await client.ready();
    const callSid = await place(bench);
    started.signal(signal);
    assert.equal(await client.closed(), 1001);
    assert.equal(await started.exited(), 0);
    assert.equal(started.stderr, '');
    await bench.start().listening();
    const again = await bench.api(`/api/calls/${callSid}`);
    assert.equal(again.status, 200, 'the acknowledged entry is there');
  });
}

test('SIGTERM: readyz is 503 while sessions leave, and a webhook in progress is answered and stored', async () => {
  await using bench = await openBench();
  const started = await bench.start().listening();
  const client = session(bench);
  await client.ready();
  client.ws.pause();
  const agent = new Agent({keepAlive: true});
  const webhook = slowWebhook(bench, 1, agent);
  await until(async () => (await bench.api('/healthz')).status === 200);
  started.signal('SIGTERM');
  await until(async () => (await fetch(`${bench.url}/readyz`)).status === 503);
  client.terminate();
  webhook.finish();
  assert.equal(await webhook.answered, 204);
  assert.equal(await started.exited(), 0, "although the webhook's connection was kept alive");
  agent.destroy();
  await bench.start().listening();
  assert.equal((await bench.api(`/api/calls/${someCallSid(1)}`)).status, 200);
});

test('SIGTERM: with an unanswered close, an unfinished request and a hanging Twilio it exits with 0 within 10 s', async (t) => {
  await using bench = await openBench();
  const started = await bench.start().listening();
  const client = session(bench);
  await client.ready();
  client.ws.pause();
  const webhook = slowWebhook(bench, 1);
  webhook.answered.catch(() => {});
  const silent = connect(bench.port, '127.0.0.1');
  bench.simulator.setFaults({hang: 1});
  const headers = {'content-type': 'application/json'};
  const placing = bench.api('/api/calls', {method: 'POST', headers, body: JSON.stringify(BODY)});
  placing.catch(() => {});
  await until(() => (bench.simulator.faults().struck.hang ?? 0) > 0);
  const signalledAt = performance.now();
  started.signal('SIGTERM');
  assert.equal(await started.exited(), 0);
  const tookMs = performance.now() - signalledAt;
  t.diagnostic(`ended after ${Math.round(tookMs)} ms`);
  assert.ok(tookMs < 10_000, `${tookMs} ms`);
  silent.destroy();
  client.terminate();
});

test('a second signal exits at once with 1', async () => {
  await using bench = await openBench();
  const started = await bench.start().listening();
  const client = session(bench);
  await client.ready();
  client.ws.pause();
  let code: number | null | undefined;
  const exited = started.exited().then((exitCode) => {
    code = exitCode;
  });
  await until(() => {
    if (code === undefined) started.signal('SIGINT');
    return code !== undefined;
  });
  await exited;
  assert.equal(code, 1);
  client.terminate();
});

test('one Ctrl-C that arrives twice, from the terminal and from npm, counts once and exits with 0', async () => {
  await using bench = await openBench();
  const started = await bench.start().listening();
  started.signal('SIGINT');
  await until(() => started.stdout.includes('shutting down'));
  started.signal('SIGINT');
  assert.equal(await started.exited(), 0);
});

test('SIGTERM during the start exits with 0 and leaves no listener', async () => {
  await using bench = await openBench();
  const started = bench.start();
  await until(() => started.stdout.includes('configuration'), {timeoutMs: 30_000});
  started.signal('SIGTERM');
  assert.equal(await started.exited(), 0, started.stderr);
  await assert.rejects(fetch(`${bench.url}/healthz`));
  await bench.start().listening();
});

test('[J7] [J6] after a kill during a call, the next start knows the call and finds out how it ended', async () => {
  await using bench = await openBench();
  const first = await bench.start().listening();
  const callSid = await place(bench);
  await until(async () => {
    const call = (await (await bench.api(`/api/calls/${callSid}`)).json()) as {providerStatus: string};
    return call.providerStatus === 'in-progress';
  });
  first.signal('SIGKILL');
  await first.exited();
  bench.simulator.setFaults({drop: 1});
  bench.simulator.hangUp(callSid);
  await bench.start().listening();
  await until(async () => {
    const call = (await (await bench.api(`/api/calls/${callSid}`)).json()) as {providerStatus: string};
    return call.providerStatus === 'completed';
  });
});

test('a silent open connection does not delay the shutdown', async () => {
  await using bench = await openBench();
  const started = await bench.start().listening();
  const silent = connect(bench.port, '127.0.0.1');
  await new Promise((resolve) => silent.once('connect', resolve));
  started.signal('SIGTERM');
  assert.equal(await started.exited(), 0);
  await readText(silent).catch(() => '');
});
