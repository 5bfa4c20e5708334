/**
 * A drain waits for requests, not for connections (H4, H5). The clock stands still, so no deadline passes.
 */
import assert from 'node:assert/strict';
import {Agent, request as httpRequest} from 'node:http';
import {connect} from 'node:net';
import {test} from 'node:test';
import twilio from 'twilio';
import {startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

/** A webhook of which half the body has been sent. */
function halfWebhook(gateway: TestGateway, agent: Agent) {
  const fields = statusFields(gateway, {CallSid: someCallSid(1), CallStatus: 'ringing'});
  const body = new URLSearchParams(fields).toString();
  const url = `${gateway.environment.publicUrl}/twilio/status`;
  const request = httpRequest(url, {
    method: 'POST',
    agent,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
      'x-twilio-signature': twilio.getExpectedTwilioSignature(gateway.simulator.authToken, url, fields),
    },
  });
  const {promise, resolve, reject} = Promise.withResolvers<number>();
  request.once('error', reject);
  request.once('response', (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.write(body.slice(0, 10));
  return {answered: promise, finish: () => request.end(body.slice(10))};
}

test('a kept-alive connection ends with the response to its request', async () => {
  await using gateway = await startGateway({clock: new ManualClock()});
  const agent = new Agent({keepAlive: true});
  const webhook = halfWebhook(gateway, agent);
  // A later connection was served, so the earlier one has been accepted.
  assert.equal((await gateway.api('/healthz')).status, 200);
  const drained = gateway.server.drain();
  webhook.finish();
  assert.equal(await webhook.answered, 204);
  await drained;
  agent.destroy();
});

test('a call that is being placed gets its response before the drain ends', async () => {
  await using http = await startHttpGateway({clock: new ManualClock()});
  const go = Promise.withResolvers<void>();
  http.twilio.intercept = async () => {
    await go.promise;
    return undefined;
  };
  const placing = http.place({to: '+15550100001'});
  await until(() => http.twilio.of('create').length === 1);
  const drained = http.gateway.server.drain();
  go.resolve();
  assert.equal((await placing).status, 201);
  await drained;
});

test('a request or half-open upgrade that never ends is cut off when the time is up', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const webhook = halfWebhook(gateway, new Agent());
  webhook.answered.catch(() => {});
  const upgrade = connect({port: gateway.environment.port, host: '127.0.0.1', allowHalfOpen: true});
  upgrade.write(
    'GET /ws HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  upgrade.on('error', () => {});
  await new Promise((resolve) => upgrade.once('data', resolve));
  let isDrained = false;
  const drained = gateway.server.drain().then(() => {
    isDrained = true;
  });
  await until(() => {
    clock.advance(1000);
    return isDrained;
  });
  await drained;
  upgrade.destroy();
});

test('drain and stop can be called together and repeatedly', async () => {
  await using gateway = await startGateway();
  await Promise.all([gateway.server.drain(), gateway.server.stop(), gateway.server.drain()]);
  await gateway.server.stop();
});

test('a stop during the start leaves no listener', async () => {
  await using gateway = await startGateway();
  const restarting = gateway.restart();
  restarting.catch(() => {});
  await until(() =>
    fetch(`${gateway.url}/healthz`).then(
      () => false,
      () => true,
    ),
  );
  await gateway.server.stop();
  await restarting.catch(() => {});
  await gateway.server.stop();
  await assert.rejects(fetch(`${gateway.url}/healthz`));
});
