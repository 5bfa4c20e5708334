/** `GET /api/info`: the caller's identity and the state of the gateway. */
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {test} from 'node:test';
import express from 'express';
import packageJson from '../../../package.json' with {type: 'json'};
import {createInfoRoutes} from '../../../src/handlers/api/info-routes.ts';
import {startGateway} from '../../support/gateway/gateway.ts';
import {assertProblem, rawRequest} from '../../support/http/http-request.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {everyone, startSessionHost} from '../websocket/session-host.ts';

test('[H4] /api/info shows the caller, the gateway, and whether any call has ever been recorded', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const {publicUrl, twilio} = gateway.environment;
  const first = await gateway.api('/api/info');
  assert.equal(first.status, 200);
  assert.deepEqual(first.body, {
    version: packageJson.version,
    user: 'operator',
    scopes: [...everyone.scopes],
    publicUrl,
    phoneNumber: twilio.phoneNumber,
    retentionDays: 7,
    now: new Date(clock.now()).toISOString(),
    used: false,
    simulated: false,
  });
  await gateway.place({to: '+15550100001'});
  assert.equal((await gateway.api('/api/info')).body.used, true);
});

test('[H4] /api/info: used stays true after a restart', async () => {
  await using gateway = await startGateway();
  await gateway.place({to: '+15550100001'});
  await gateway.restart();
  assert.equal((await gateway.api('/api/info')).body.used, true);
});

test('[H4] [A1] [H6] /api/info accepts any valid token, only GET, and allowed origins', async () => {
  await using gateway = await startGateway();
  assertProblem(await gateway.api('/api/info', {headers: {authorization: 'Bearer wrong'}}), {
    status: 401,
    code: 'unauthorized',
  });
  const posted = await gateway.api('/api/info', {method: 'POST'});
  assertProblem(posted, {status: 405, code: 'method_not_allowed'});
  assert.equal(posted.headers.get('allow'), 'GET, HEAD');
  const origin = `http://localhost:${gateway.environment.port}`;
  const {headers} = await gateway.api('/api/info', {headers: {origin}});
  assert.equal(headers.get('access-control-allow-origin'), origin);
});

test('[H4] /api/info checks for a simulator on each request, and needs no scope', async () => {
  await using host = await startSessionHost({principals: {bare: {user: 'ann', scopes: new Set()}}});
  const simulation = {simulated: true};
  const app = express();
  app.use(
    createInfoRoutes({
      authenticator: host,
      clock: new ManualClock(),
      journal: host.journal,
      version: '1.2.3',
      publicUrl: 'https://gateway.example.com',
      phoneNumber: '+15005550006',
      retentionDays: 7,
      simulation,
    }),
  );
  await using server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = () => rawRequest(url, {path: '/api/info', headers: {authorization: 'Bearer bare'}});
  assert.deepEqual([(await ask()).body.simulated, (await ask()).body.scopes], [true, []]);
  simulation.simulated = false;
  assert.equal((await ask()).body.simulated, false);
});
