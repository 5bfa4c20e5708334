/** `/api/webhooks`: every request to the webhook routes, visible to operators only (H7). */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer, request as httpRequest} from 'node:http';
import {type AddressInfo, connect} from 'node:net';
import {test} from 'node:test';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import twilio from 'twilio';
import {JWT_SECRET, signToken} from '../../support/auth/tokens.ts';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem, type RawRequest, rawRequest} from '../../support/http/http-request.ts';
import type {Json} from '../../support/json.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const FORM = 'application/x-www-form-urlencoded';

function ringing(gateway: TestGateway, number: number): Record<string, string> {
  return statusFields(gateway, {CallSid: someCallSid(number), CallStatus: 'ringing', SequenceNumber: '1'});
}

async function list(gateway: TestGateway, query = ''): Promise<Json> {
  const {status, body} = await gateway.api(`/api/webhooks${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

async function newest(gateway: TestGateway): Promise<Json> {
  const {webhooks} = await list(gateway, '?limit=1');
  const {status, body} = await gateway.api(`/api/webhooks/${webhooks[0].id}`);
  assert.equal(status, 200);
  return body;
}

test('[H7] an accepted webhook shows its verdict, offset, call, headers and fields, and a masked signature', async () => {
  await using gateway = await startGateway();
  const fields = ringing(gateway, 1);
  const query = '?ref=Zk3vQ9-abcdefgh_012345';
  const headers = {
    'i-twilio-idempotency-token': 'idem-1',
    cookie: 'a=secret',
    'user-agent': 'TwilioProxy/1.1',
  };
  assert.equal((await postWebhook(gateway, fields, {query, headers})).status, 204);
  assert.equal((await postWebhook(gateway, fields, {query})).status, 204);
  const {webhooks, latest, counts, nextCursor} = await list(gateway);
  assert.equal(latest, 2);
  assert.equal(nextCursor, undefined);
  assert.deepEqual(counts, {accepted: 2, refused: 0, failed: 0});
  const [again, first] = webhooks;
  assert.equal(again.verdict, 'duplicate');
  assert.equal(again.offset, first.offset);
  const {receivedAt, tookMs, ...rest} = first;
  assert.equal(new Date(receivedAt).toISOString(), receivedAt);
  assert.ok(tookMs > 0);
  assert.deepEqual(rest, {
    id: 1,
    route: 'status',
    method: 'POST',
    path: `/twilio/status${query}`,
    remoteAddress: '127.0.0.1',
    outcome: 'accepted',
    httpStatus: 204,
    verdict: 'applied',
    offset: rest.offset,
    callSid: fields['CallSid'],
    providerStatus: 'ringing',
  });
  const {body: detail} = await gateway.api('/api/webhooks/1');
  assert.deepEqual(
    detail.fields.map(({name, value}: Json) => [name, value]),
    Object.entries(fields),
  );
  assert.equal(detail.bodyBytes, new URLSearchParams(fields).toString().length);
  assert.equal(detail.diagnosis, undefined);
  const shown = Object.fromEntries(detail.headers.map(({name, value}: Json) => [name, value]));
  assert.equal(shown['i-twilio-idempotency-token'], 'idem-1');
  assert.equal(shown['x-twilio-signature'], '•••');
  assert.equal(shown['cookie'], undefined);
  assert.ok(!gateway.logs.join('').includes('idem-1'), 'nothing of it is logged');
});

test('[H7] every refusal is recorded with status and reason, and the responses stay unchanged', async () => {
  await using gateway = await startGateway();
  const body = new URLSearchParams(ringing(gateway, 1)).toString();
  const form = {'content-type': FORM, 'x-twilio-signature': `${'A'.repeat(27)}=`};
  const odd = {...ringing(gateway, 1), CallSid: 'sideways'};
  const signature = twilio.getExpectedTwilioSignature(
    gateway.environment.twilio.authToken,
    `${gateway.environment.publicUrl}/twilio/status`,
    odd,
  );
  const requests: readonly (RawRequest & {readonly status: number; readonly reason: RegExp})[] = [
    {path: '/twilio/voice', method: 'POST', status: 403, reason: /^no signature$/},
    {path: '/twilio/status', method: 'POST', headers: form, body, status: 403, reason: /^wrong signature$/},
    {
      path: '/twilio/status',
      method: 'POST',
      headers: form,
      body: 'a=%',
      status: 403,
      reason: /^wrong signature$/,
    },
    {
      path: '/twilio/status',
      method: 'POST',
      headers: {...form, 'x-twilio-signature': signature},
      body: new URLSearchParams(odd).toString(),
      status: 400,
      reason: /CallSid/,
    },
    {
      path: '/twilio/status',
      method: 'POST',
      headers: {...form, 'content-type': 'text/plain'},
      body,
      status: 415,
      reason: /urlencoded/,
    },
    {
      path: '/twilio/status',
      method: 'POST',
      headers: {...form, 'content-encoding': 'gzip'},
      body,
      status: 415,
      reason: /Content-Encoding/,
    },
    {
      path: '/twilio/status',
      method: 'POST',
      headers: form,
      body: 'x'.repeat(66_000),
      status: 413,
      reason: /larger than 65536/,
    },
    {path: '/twilio/voice?x=1', status: 405, reason: /takes POST/},
    {path: '/twilio/voice', method: 'OPTIONS', status: 204, reason: /methods/},
    {path: '/Twilio/Status/', method: 'POST', headers: form, body, status: 404, reason: /no such path/},
    {path: '/prefix/twilio/voice', status: 404, reason: /no such path/},
  ];
  for (const [at, {status, reason, ...request}] of requests.entries()) {
    const answer = await rawRequest(gateway.url, request);
    assert.equal(answer.status, status);
    const {webhooks, latest} = await list(gateway, '?outcome=refused&limit=1');
    assert.equal(latest, at + 1);
    assert.equal(webhooks[0].httpStatus, status);
    assert.match(webhooks[0].reason, reason);
    assert.equal(webhooks[0].path, request.path);
    assert.equal(webhooks[0].method, request.method ?? 'GET');
    assert.equal(webhooks[0].callSid, undefined);
  }
  await gateway.api('/api/calls');
  await rawRequest(gateway.url, {path: '/twilio/other'});
  assert.equal((await list(gateway)).latest, requests.length, 'the others are missing from it');
});

test('[H7] a webhook that the journal cannot store is failed, and kept with the genuine ones', async () => {
  await using http = await startHttpGateway({failingJournal: true});
  const {gateway, journal} = http;
  journal.fill();
  assert.equal((await postWebhook(gateway, ringing(gateway, 1))).status, 503);
  const detail = await newest(gateway);
  assert.deepEqual(
    [detail.outcome, detail.httpStatus, detail.callSid, detail.offset, detail.diagnosis],
    ['failed', 503, someCallSid(1), undefined, undefined],
  );
  assert.deepEqual((await list(gateway)).counts, {accepted: 0, refused: 0, failed: 1});
});

test('[H7] an unfinished body is recorded and delays nothing', async () => {
  await using gateway = await startGateway();
  const {hostname, port} = new URL(gateway.url);
  const request = httpRequest({
    hostname,
    port,
    method: 'POST',
    path: '/twilio/status',
    headers: {
      'content-type': FORM,
      'content-length': '100',
      'x-twilio-signature': 'x',
      expect: '100-continue',
    },
  });
  request.on('error', () => {});
  request.flushHeaders();
  // The server sends it when the head has arrived.
  await once(request, 'continue');
  request.write('a=b');
  request.destroy();
  await until(async () => (await list(gateway)).latest === 1);
  assert.equal((await newest(gateway)).outcome, 'refused');
});

test("[H7] responses to refused requests reveal none of the operator's details, byte for byte", async () => {
  await using gateway = await startGateway();
  const fields = ringing(gateway, 1);
  const {authToken} = gateway.environment.twilio;
  const texts = new Set<string>();
  for (const url of ['https://abc.ngrok.app', gateway.environment.publicUrl.replace('http', 'https')]) {
    const answer = await rawRequest(gateway.url, {
      method: 'POST',
      path: '/twilio/status',
      headers: {
        'content-type': FORM,
        host: 'abc.ngrok.app',
        'x-twilio-signature': twilio.getExpectedTwilioSignature(authToken, `${url}/twilio/status`, fields),
      },
      body: new URLSearchParams(fields).toString(),
    });
    assertProblem(answer, {status: 403, code: 'invalid_signature'});
    assert.equal(answer.body.detail, 'The request is not signed by Twilio for this URL.');
    assert.deepEqual(answer.body.context, {});
    const {requestId: _, timestamp: __, ...same} = answer.body;
    texts.add(JSON.stringify(same));
    const names = Object.keys(answer.headers).filter(
      (name) => name !== 'connection' && name !== 'keep-alive',
    );
    assert.deepEqual(names.sort(), ['content-length', 'content-type', 'date', 'x-request-id'].sort());
  }
  assert.equal(texts.size, 1);
});

/** A typical proxy: it terminates the public connection, rewrites Host, and sends X-Forwarded-*. */
async function startProxy(gateway: TestGateway, publicHost: string, rewriteBody = (body: string) => body) {
  const {hostname, port} = new URL(gateway.url);
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = rewriteBody(Buffer.concat(chunks).toString());
      const {'content-length': _, ...headers} = incoming.headers;
      const passed = httpRequest({
        hostname,
        port,
        method: incoming.method,
        path: incoming.url,
        headers: {
          ...headers,
          'content-length': Buffer.byteLength(body),
          host: `${hostname}:${port}`,
          'x-forwarded-host': publicHost,
          'x-forwarded-proto': 'https',
          'x-forwarded-for': '192.0.2.9',
        },
      });
      passed.on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      passed.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sendThrough(
  proxyUrl: string,
  signedUrl: string,
  token: string,
  fields: Readonly<Record<string, string>>,
) {
  return rawRequest(proxyUrl, {
    method: 'POST',
    path: '/twilio/status',
    headers: {
      'content-type': FORM,
      'x-twilio-signature': twilio.getExpectedTwilioSignature(token, signedUrl, fields),
    },
    body: new URLSearchParams(fields).toString(),
  });
}

test('[H7] behind a tunnel with another name, the proposed PUBLIC_URL makes the webhook pass', async () => {
  const publicUrl = 'https://abc.ngrok.app';
  const signedUrl = `${publicUrl}/twilio/status`;
  const start = async (env: Readonly<Record<string, string>>) => {
    const gateway = await startGateway({env});
    const proxy = await startProxy(gateway, 'abc.ngrok.app');
    return {gateway, proxy};
  };
  const wrong = await start({PUBLIC_URL: 'https://old-name.ngrok.app'});
  const {authToken} = wrong.gateway.environment.twilio;
  const fields = ringing(wrong.gateway, 1);
  assert.equal((await sendThrough(wrong.proxy.url, signedUrl, authToken, fields)).status, 403);
  const {diagnosis} = await newest(wrong.gateway);
  assert.equal(diagnosis.expectedUrl, 'https://old-name.ngrok.app/twilio/status');
  assert.deepEqual(diagnosis.setting, {name: 'PUBLIC_URL', value: publicUrl});
  assert.deepEqual(
    diagnosis.candidates.filter(({matches}: Json) => matches).map(({url}: Json) => url),
    [signedUrl],
  );
  assert.ok(!JSON.stringify(diagnosis).includes(authToken));
  await wrong.proxy[Symbol.asyncDispose]();
  await wrong.gateway[Symbol.asyncDispose]();

  const right = await start({PUBLIC_URL: diagnosis.setting.value});
  const token = right.gateway.environment.twilio.authToken;
  const accepted = await sendThrough(right.proxy.url, signedUrl, token, ringing(right.gateway, 1));
  assert.equal(accepted.status, 204);
  const detail = await newest(right.gateway);
  assert.equal(detail.outcome, 'accepted');
  assert.ok(
    detail.headers.some(({name, value}: Json) => name === 'x-forwarded-for' && value === '192.0.2.9'),
  );
  await right.proxy[Symbol.asyncDispose]();
  await right.gateway[Symbol.asyncDispose]();
});

test('[H7] a line break that a proxy added to the body and a rotated token are diagnosed', async () => {
  await using gateway = await startGateway();
  await using proxy = await startProxy(gateway, 'gateway.example.com', (body) => `${body}\n`);
  const {publicUrl, twilio: account} = gateway.environment;
  const signedUrl = `${publicUrl}/twilio/status`;
  const fields = ringing(gateway, 1);
  assert.equal((await sendThrough(proxy.url, signedUrl, account.authToken, fields)).status, 403);
  assert.match((await newest(gateway)).diagnosis.finding, /whitespace was added at the end/);
  assert.equal((await postWebhook(gateway, fields)).status, 204);
  assert.equal((await postWebhook(gateway, fields, {authToken: 'the-new-token'})).status, 403);
  assert.deepEqual((await newest(gateway)).diagnosis.setting, {name: 'TWILIO_AUTH_TOKEN_ALTERNATE'});
});

test('[H7] 20,000 refused requests do not grow memory, and accepted ones are still listed', async () => {
  await using gateway = await startGateway({env: {LOG_LEVEL: 'silent'}});
  const fields = ringing(gateway, 1);
  assert.equal((await postWebhook(gateway, fields)).status, 204);
  const body = `${new URLSearchParams(fields).toString()}&Padding=${'x'.repeat(2000)}`;
  const head = `POST /twilio/status HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: ${body.length}\r\n`;
  // Half of them have a body that is read and kept.
  const pair = `${head}X-Twilio-Signature: x\r\n\r\n${body}${head}\r\n${body}`;
  const flood = async (count: number) => {
    const socket = connect(gateway.environment.port, '127.0.0.1');
    let refused = 0;
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      const text = rest + chunk.toString('latin1');
      refused += text.split('HTTP/1.1 403').length - 1;
      rest = text.slice(text.length - 11);
    });
    for (let sent = 0; sent < count; sent += 100) {
      socket.write(pair.repeat(50));
      await until(() => refused === sent + 100, {what: 'a hundred requests to be refused'});
    }
    socket.destroy();
  };
  const heap = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  await flood(2000);
  const before = heap();
  await flood(18_000);
  // Client and gateway share this process. 9,000 bodies alone would take over 20 MB.
  assert.ok(heap() - before < 10e6, `${Math.round((heap() - before) / 1e6)} MB more`);
  const {webhooks, counts} = await list(gateway, '?outcome=accepted');
  assert.deepEqual(counts, {accepted: 1, refused: 20_000, failed: 0});
  assert.deepEqual(
    webhooks.map(({id, callSid}: Json) => [id, callSid]),
    [[1, fields['CallSid']]],
  );
  const {nextCursor} = await list(gateway, '?limit=200');
  assert.equal((await list(gateway, `?limit=1&before=${nextCursor}`)).webhooks[0].id, Number(nextCursor) - 1);
});

test('[H7] filters and pages work, and an invalid query is refused with its reason', async () => {
  await using gateway = await startGateway();
  for (const number of [1, 2, 3]) await postWebhook(gateway, ringing(gateway, number));
  await postWebhook(gateway, ringing(gateway, 3), {signature: 'x'});
  const ids = async (query: string) => (await list(gateway, query)).webhooks.map(({id}: Json) => id);
  assert.deepEqual(await ids('?limit=2'), [4, 3]);
  assert.equal((await list(gateway, '?limit=2')).nextCursor, '3');
  assert.deepEqual(await ids('?limit=2&before=3'), [2, 1]);
  assert.deepEqual(await ids('?after=2&outcome=&q=&limit='), [4, 3]);
  assert.deepEqual(await ids('?outcome=refused'), [4]);
  assert.deepEqual(await ids(`?q=${someCallSid(3)}`), [4, 3]);
  assert.deepEqual(await ids('?q=%2B15005550006'), [4, 3, 2, 1]);
  assert.deepEqual(await ids('?q=nobody'), []);
  for (const [query, field] of [
    ['outcome=lost', 'outcome'],
    ['limit=0', 'limit'],
    ['after=x', 'after'],
    ['before=-1', 'before'],
    [`q=${'x'.repeat(201)}`, 'q'],
    ['q=a&q=b', 'q'],
  ])
    assertProblem(await gateway.api(`/api/webhooks?${query}`), {status: 400, code: 'invalid_request', field});
});

test('[H7] unknown ids are 404, other methods 405, and a missing token 401', async () => {
  await using gateway = await startGateway();
  for (const id of ['1', '0', '-1', 'x', '1e3', '9'.repeat(40)])
    assertProblem(await gateway.api(`/api/webhooks/${id}`), {status: 404, code: 'not_found'});
  for (const path of ['/api/webhooks', '/api/webhooks/1']) {
    const headers = {authorization: `Bearer ${ACCESS_KEY}`};
    const answer = await rawRequest(gateway.url, {method: 'DELETE', path, headers});
    assertProblem(answer, {status: 405, code: 'method_not_allowed'});
    assert.equal(answer.headers['allow'], 'GET, HEAD');
    assertProblem(await rawRequest(gateway.url, {path}), {status: 401, code: 'unauthorized'});
  }
});

test('[H7] the route needs both scopes, and 403 names the missing one', async () => {
  await using gateway = await startGateway({env: {AUTH_JWT_SECRET: JWT_SECRET}});
  await postWebhook(gateway, ringing(gateway, 1));
  const ask = (path: string, scope: Parameters<typeof signToken>[1]) =>
    gateway.api(path, {headers: {authorization: `Bearer ${signToken('ada', scope)}`}});
  for (const path of ['/api/webhooks', '/api/webhooks/1', '/api/webhooks/2']) {
    for (const [scope, missing] of [
      [['calls:read:all', 'calls:control:all'], 'sessions:read'],
      [['sessions:read', 'calls:read'], 'calls:read:all'],
    ] as const) {
      const answer = await ask(path, {scope});
      assertProblem(answer, {status: 403, code: 'forbidden'});
      assert.equal(answer.body.context.scope, missing);
      assert.ok(answer.body.detail.includes(missing));
    }
  }
  assert.equal((await ask('/api/webhooks/1', {scope: ['sessions:read', 'calls:read:all']})).status, 200);
});
