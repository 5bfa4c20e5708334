/** Every error is a complete problem+json (H6), including those that Express and the body parser throw. */
import assert from 'node:assert/strict';
import {connect} from 'node:net';
import {text as readText} from 'node:stream/consumers';
import {test} from 'node:test';
import twilio from 'twilio';
import type {TwilioClient} from '../../../src/twilio/twilio-client.ts';
import {ACCESS_KEY, startGateway} from '../../support/gateway/gateway.ts';
import {assertProblem, rawRequest} from '../../support/http/http-request.ts';
import {someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';

const authorization = `Bearer ${ACCESS_KEY}`;
const json = 'application/json';

test('[H6] invalid bodies are refused with their reason', async () => {
  await using gateway = await startGateway();
  const post = (body: string | Buffer, headers: Readonly<Record<string, string>> = {}) =>
    rawRequest(gateway.url, {
      method: 'POST',
      path: '/api/calls',
      body,
      headers: {
        authorization,
        'content-type': json,
        'content-length': String(Buffer.byteLength(body)),
        ...headers,
      },
    });
  const invalid = {status: 400, code: 'invalid_request'};
  const malformed = await post('{"to": ');
  assertProblem(malformed, invalid);
  assert.match(malformed.body.detail, /JSON/);
  assertProblem(await post(''), {...invalid, field: 'to'});
  assertProblem(await post('"text"'), invalid);
  assertProblem(await post(Buffer.from([0xff, 0xfe, 0x00])), invalid);
  assertProblem(
    await post('to=%2B15550100001', {'content-type': 'application/x-www-form-urlencoded'}),
    invalid,
  );
  const huge = await post(JSON.stringify({to: 'x'.repeat(200_000)}));
  assertProblem(huge, {status: 413, code: 'payload_too_large'});
  assert.equal(huge.body.context.limit, 16_384);
  assertProblem(await post('{}', {'content-encoding': 'gzip'}), {
    status: 415,
    code: 'unsupported_media_type',
  });
  assertProblem(await post('{}', {'content-type': `${json}; charset=koi8-r`}), {
    status: 415,
    code: 'unsupported_media_type',
  });
  const deep = `${'['.repeat(8000)}${']'.repeat(8000)}`;
  assertProblem(await post(deep), invalid);
  assertProblem(await post('{"to":"+15550100001","__proto__":{"record":true}}'), invalid);
});

test('[H6] an unfinished body is the client’s fault', async () => {
  await using gateway = await startGateway();
  const socket = connect(gateway.environment.port, '127.0.0.1');
  socket.write(
    `POST /api/calls HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 100\r\n\r\n{"to":`,
  );
  socket.end();
  await readText(socket).catch(() => '');
  assert.equal((await gateway.api('/healthz')).status, 200);
  assert.ok(!gateway.logs.some((line) => line.includes('unexpected error')));
});

test('[H6] unknown routes, other methods and undecodable paths are refused', async () => {
  await using gateway = await startGateway();
  const get = (path: string, method = 'GET') =>
    rawRequest(gateway.url, {method, path, headers: {authorization}});
  const notFound = {status: 404, code: 'not_found'};
  const answer = await get('/nothing/here?secret=1');
  assertProblem(answer, notFound);
  assert.deepEqual(answer.body.context, {method: 'GET', path: '/nothing/here'});
  assertProblem(await get('/api/nothing'), notFound);
  assertProblem(await get('/api/calls/x/y/z', 'PUT'), notFound);
  assertProblem(await get('/%00'), notFound);
  assertProblem(await get('/../../package.json'), notFound);
  assertProblem(await get('/..%2f..%2fpackage.json'), notFound);
  const invalid = {status: 400, code: 'invalid_request', field: 'path'};
  assertProblem(await get('/api/calls/%E0%A4%A'), invalid);
  assertProblem(await get('/api/calls/%/actions', 'POST'), invalid);
  assertProblem(await get('/ws'), {status: 426, code: 'upgrade_required'});
  assert.equal((await get('/ws')).headers.upgrade, 'websocket');
});

test('[H6] another method on a known path is 405, and Allow lists the accepted ones', async () => {
  await using gateway = await startGateway();
  const ask = (method: string, path: string) =>
    rawRequest(gateway.url, {method, path, headers: {authorization}});
  const known: Readonly<Record<string, readonly string[]>> = {
    'GET, HEAD, POST': ['/api/calls'],
    'GET, HEAD': [
      `/api/calls/${someCallSid(1)}`,
      '/api/sessions',
      '/api/sessions/any/sent',
      '/api/info',
      '/healthz',
      '/readyz',
      '/metrics',
      '/ws',
      '/',
    ],
    POST: [`/api/calls/${someCallSid(1)}/actions`, '/twilio/status', '/twilio/voice'],
  };
  for (const [allow, paths] of Object.entries(known)) {
    for (const path of paths) {
      for (const method of ['PUT', 'DELETE', 'PATCH', ...(allow === 'POST' ? ['GET', 'HEAD'] : [])]) {
        const answer = await ask(method, path);
        if (method === 'HEAD') assert.equal(answer.status, 405);
        else assertProblem(answer, {status: 405, code: 'method_not_allowed'});
        assert.equal(answer.headers.allow, allow, `${method} ${path}`);
      }
    }
  }
  const options = await ask('OPTIONS', '/healthz');
  assert.deepEqual([options.status, options.headers.allow], [204, 'GET, HEAD']);
  const anonymous = await rawRequest(gateway.url, {method: 'DELETE', path: '/api/calls'});
  assertProblem(anonymous, {status: 401, code: 'unauthorized'});
});

test('[H5] [H6] a path has one spelling: other cases and a trailing slash are other paths', async () => {
  await using gateway = await startGateway();
  const fields = statusFields(gateway, {CallSid: someCallSid(1), CallStatus: 'ringing'});
  const {publicUrl, twilio: account} = gateway.environment;
  const signature = (path: string) =>
    twilio.getExpectedTwilioSignature(account.authToken, publicUrl + path, fields);
  const webhook = (path: string, signedFor: string) =>
    rawRequest(gateway.url, {
      method: 'POST',
      path,
      body: new URLSearchParams(fields).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signature(signedFor),
      },
    });
  const notFound = {status: 404, code: 'not_found'};
  for (const path of ['/TWILIO/STATUS', '/twilio/status/', '/Twilio/status/', '/TWILIO/VOICE/'])
    assertProblem(await webhook(path, path.toLowerCase().replace(/\/$/, '')), notFound);
  assert.equal((await gateway.api(`/api/calls/${someCallSid(1)}`)).status, 404);
  assert.equal((await webhook('/twilio/status', '/twilio/status')).status, 204);
  const spellings = [
    '/api/calls/',
    '/API/calls',
    '/api/Sessions',
    '/api/sessions/',
    '/api/info/',
    '/healthz/',
    '/HEALTHZ',
  ];
  for (const path of [...spellings, `/api/calls/${someCallSid(1)}/`, '/WS', '/ws/'])
    assertProblem(await rawRequest(gateway.url, {path, headers: {authorization}}), notFound);
});

test('[H6] HEAD has the headers of GET and no body', async () => {
  await using gateway = await startGateway();
  const head = (path: string) => rawRequest(gateway.url, {method: 'HEAD', path, headers: {authorization}});
  const calls = await head('/api/calls');
  assert.deepEqual([calls.status, calls.text], [200, '']);
  const nothing = await head('/nothing');
  assert.deepEqual([nothing.status, nothing.text], [404, '']);
  assert.match(nothing.headers['content-type'] ?? '', /problem\+json/);
});

test('[H6] [seed] an unexpected error is 500 without detail, and the log has all of it under the same request id', async () => {
  const broken: TwilioClient = {
    dial: () => Promise.reject(new TypeError('canary: cannot read properties of undefined')),
    end: () => Promise.reject(new Error('canary')),
    fetch: () => Promise.reject(new Error('canary')),
    list: () => Promise.reject(new Error('canary')),
  };
  await using gateway = await startGateway({twilio: () => broken});
  const answer = await gateway.api('/api/calls', {body: {to: '+15550100001'}});
  assertProblem(answer, {status: 500, code: 'internal'});
  assert.doesNotMatch(answer.text, /canary|undefined|TypeError/);
  assert.deepEqual(answer.body.context, {});
  const lines = gateway.logs
    .map((line) => JSON.parse(line))
    .filter((line) => line.requestId === answer.body.requestId && line.level === 'error');
  assert.equal(lines.length, 1);
  assert.equal(lines[0].err.message, 'canary: cannot read properties of undefined');
  assert.match(lines[0].err.stack, /problems\.test\.ts/);
  assert.ok(lines[0].time);
});

test('[H6] every response has its own X-Request-Id, which is also in the log', async () => {
  await using gateway = await startGateway();
  const ids = await Promise.all(
    ['/healthz', '/api/calls', '/nothing'].map(async (path) => {
      const {headers} = await gateway.api(path);
      return headers.get('x-request-id') ?? '';
    }),
  );
  assert.equal(new Set(ids).size, 3);
  for (const id of ids)
    assert.ok(
      gateway.logs.some((line) => line.includes(id)),
      id,
    );
});

test('[H6] responses have the security headers and do not name Express', async () => {
  await using gateway = await startGateway();
  const {headers} = await gateway.api('/api/calls');
  assert.equal(headers.get('x-powered-by'), null);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.match(headers.get('content-security-policy') ?? '', /default-src 'self'/);
});
