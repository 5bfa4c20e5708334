/** Upgrades: tokens, origins, paths, and requests that are not upgrades (A1, A3). */
import assert from 'node:assert/strict';
import {connect} from 'node:net';
import {after, before, test} from 'node:test';
import {WebSocket} from 'ws';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';
import {until} from '../../support/until.ts';
import {encodeFrame, RawWebSocket, upgradeRequest} from '../../support/websocket/raw-websocket.ts';

let gateway: TestGateway;

before(async () => {
  gateway = await startGateway({env: {ALLOWED_ORIGINS: 'https://app.example.com,http://localhost:3000'}});
});
after(() => gateway[Symbol.asyncDispose]());

/** The complete response to a raw request, up to the end of the connection. */
async function exchange(request: string): Promise<{status: number; head: string; body: string}> {
  const client = new RawWebSocket(gateway.url);
  client.write(request);
  const status = await client.answered();
  const [head = '', body = ''] = client.head.split('\r\n\r\n');
  client.vanish();
  return {status, head, body};
}

/** Checks H6 for a response written directly to the socket, which ends its connection. */
function assertProblemText(
  {status, head, body}: {status: number; head: string; body: string},
  code: string,
): void {
  const lines = head.split('\r\n').slice(1);
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  assertProblem({status, headers, body: JSON.parse(body)}, {status, code});
  assert.equal(headers['connection'], 'close');
  assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
  assert.ok(gateway.logs.some((line) => line.includes(headers['x-request-id'] ?? 'none')));
}

async function handshake(headers: Readonly<Record<string, string | undefined>>, path = '/ws') {
  return exchange(upgradeRequest(path, headers));
}

test('[A1] a token in the Authorization header opens a session', async () => {
  const client = await gateway.session({
    token: undefined,
    headers: {authorization: `Bearer ${ACCESS_KEY}`},
  });
  assert.equal((await client.ready()).user, 'operator');
  assert.equal(client.ws.protocol, 'hookswitch.v1');
  await client.close();
});

test('[A1] with a header token and no subprotocol, none is selected', async () => {
  const {status, head} = await handshake({Authorization: `Bearer ${ACCESS_KEY}`});
  assert.equal(status, 101);
  assert.doesNotMatch(head, /sec-websocket-protocol/i);
});

test('[A1] a token in a subprotocol opens a session and is never echoed', async () => {
  const {status, head} = await handshake({
    'Sec-WebSocket-Protocol': `hookswitch.bearer.${ACCESS_KEY}, hookswitch.v1`,
  });
  assert.equal(status, 101);
  assert.match(head, /Sec-WebSocket-Protocol: hookswitch\.v1(\r|$)/);
  assert.ok(!head.includes(ACCESS_KEY));
});

test('[A1] a token without hookswitch.v1 is not selected either', async () => {
  const {status, head} = await handshake({'Sec-WebSocket-Protocol': `hookswitch.bearer.${ACCESS_KEY}`});
  assert.equal(status, 101);
  assert.doesNotMatch(head, /sec-websocket-protocol/i);
  assert.ok(!head.includes(ACCESS_KEY));
});

test('[A1] a token in the query string is ignored', async () => {
  for (const name of ['token', 'access_token', 'key', 'authorization']) {
    const client = gateway.connect({token: undefined, query: `?${name}=${ACCESS_KEY}`});
    assert.equal(await client.closed(), 4401);
    assert.equal(client.messages.length, 0);
  }
});

test('[A3] with a wrong or missing token the socket opens, closes with 4401 and sends nothing', async () => {
  for (const token of [undefined, 'wrong-key', `${ACCESS_KEY}x`, ACCESS_KEY.slice(0, -1)]) {
    const client = gateway.connect({token});
    await client.opened();
    assert.equal(await client.closed(), 4401);
    assert.equal(client.raw.length, 0);
    assert.match(client.closeReason, /token/i);
  }
});

test('[A3] messages of a client with a wrong token are ignored', async () => {
  const client = new RawWebSocket(gateway.url);
  client.write(upgradeRequest('/ws', {Authorization: 'Bearer nope'}));
  await client.answered();
  client.sendJson({type: 'call.subscribe', calls: 'all', requestId: 'x'});
  assert.equal(await client.closeFrame(), 4401);
  assert.deepEqual(client.messages, []);
  client.vanish();
});

test('[A3] from a wrong origin the socket opens and closes with 4403, which names the origin and the setting', async () => {
  const origins = [
    'https://evil.example',
    'https://app.example.com.evil.example',
    'https://app.example.com:444',
    'http://app.example.com',
    'https://app.example.com/',
    'https://APP.example.com',
    'null',
    'http://localhost:3001',
    `https://${'a'.repeat(300)}.example`,
  ];
  const before = (await gateway.api('/api/sessions')).body.sessions.length;
  for (const origin of origins) {
    const client = gateway.connect({headers: {origin}});
    await client.opened();
    assert.equal(await client.closed(), 4403, origin);
    assert.equal(client.raw.length, 0);
    assert.ok(client.closeReason.includes(`Origin ${origin.slice(0, 40)}`), client.closeReason);
    assert.match(client.closeReason, /ALLOWED_ORIGINS/);
    assert.ok(Buffer.byteLength(client.closeReason) <= 123);
  }
  assert.equal(
    (await gateway.api('/api/sessions')).body.sessions.length,
    before,
    'it is not counted as a session',
  );
});

test('[A3] an empty origin and one with invalid characters get a reason in ASCII', async () => {
  for (const [Origin, expectedReason] of [
    ['', 'Origin (empty) is not allowed'],
    ['https://\u00e9\u00e9\u00e9.example', 'Origin https://'],
  ] as const) {
    const client = new RawWebSocket(gateway.url);
    client.write(upgradeRequest('/ws', {Origin, Authorization: `Bearer ${ACCESS_KEY}`}));
    assert.equal(await client.closeFrame(), 4403);
    const reason = String(client.frames.at(-1)?.payload.subarray(2));
    assert.ok(reason.startsWith(expectedReason), reason);
    assert.match(reason, /^[\x20-\x7e]{1,123}$/);
    client.vanish();
  }
});

test('[A3] messages from a wrong origin are ignored, even with a valid token', async () => {
  const client = new RawWebSocket(gateway.url);
  client.write(
    upgradeRequest('/ws', {Origin: 'https://evil.example', Authorization: `Bearer ${ACCESS_KEY}`}),
  );
  await client.answered();
  client.sendJson({type: 'call.subscribe', calls: 'nonsense', requestId: 'x'});
  assert.equal(await client.closeFrame(), 4403);
  assert.deepEqual(client.messages, []);
  client.vanish();
});

test('[A3] a page that the gateway serves is admitted without being in ALLOWED_ORIGINS', async () => {
  const {port} = gateway.environment;
  for (const [Host, Origin] of [
    [`127.0.0.1:${port}`, `http://127.0.0.1:${port}`],
    [`localhost:${port}`, `http://localhost:${port}`],
    [`[::1]:${port}`, `http://[::1]:${port}`],
    ['gateway.lan:9000', 'http://gateway.lan:9000'],
    ['upstream', `http://localhost:${port}`],
  ] as const) {
    const client = new RawWebSocket(gateway.url);
    client.write(upgradeRequest('/ws', {Host, Origin, Authorization: `Bearer ${ACCESS_KEY}`}));
    assert.equal(await client.answered(), 101);
    await until(() => client.messages.length > 0, {what: `a message to ${Origin}`});
    client.vanish();
  }
});

test('[A3] a repeated Origin header is never allowed', async () => {
  const request = upgradeRequest('/ws', {Authorization: `Bearer ${ACCESS_KEY}`}).replace(
    '\r\n\r\n',
    '\r\nOrigin: https://app.example.com\r\nOrigin: https://evil.example\r\n\r\n',
  );
  const client = new RawWebSocket(gateway.url);
  client.write(request);
  assert.equal(await client.closeFrame(), 4403);
  client.vanish();
});

test('[A3] a token from an allowed origin, or without an origin, opens a session', async () => {
  for (const Origin of ['https://app.example.com', 'http://localhost:3000', undefined]) {
    assert.equal((await handshake({Origin, Authorization: `Bearer ${ACCESS_KEY}`})).status, 101);
  }
});

test('[A3] ALLOWED_ORIGINS: patterns, null and file:// apply to the upgrade', async () => {
  await using open = await startGateway({env: {ALLOWED_ORIGINS: 'https://*.vercel.app,null,file://'}});
  for (const origin of ['https://my-app-git-x.vercel.app', 'null', 'file://']) {
    const client = open.connect({headers: {origin}});
    assert.equal((await client.ready()).user, 'operator', origin);
    await client.close();
  }
  for (const origin of ['https://a.b.vercel.app', 'https://vercel.app', 'http://a.vercel.app', 'file:///x']) {
    const client = new RawWebSocket(open.url);
    client.write(upgradeRequest('/ws', {Origin: origin, Authorization: `Bearer ${ACCESS_KEY}`}));
    assert.equal(await client.closeFrame(), 4403, origin);
    client.vanish();
  }
});

test('a wrong path is 404 as application/problem+json', async () => {
  for (const path of ['/', '/ws/', '/wss', '/api/calls', '//ws', '/ws%2f']) {
    const answer = await handshake({Authorization: `Bearer ${ACCESS_KEY}`}, path);
    assert.equal(answer.status, 404, path);
    assertProblemText(answer, 'not_found');
  }
});

test('GET /ws without an upgrade is 426', async () => {
  const response = await fetch(`${gateway.url}/ws`);
  assert.equal(response.status, 426);
  assert.match(response.headers.get('content-type') ?? '', /application\/problem\+json/);
  assert.match(await response.text(), /"code":"upgrade_required"/);
});

test('Upgrade: h2c on a normal request is ignored', async () => {
  const request =
    'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n' +
    'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n';
  const {status, body} = await exchange(request);
  assert.equal(status, 200);
  assert.match(body, /alive/);
});

test('an upgrade without a Connection header is a normal request', async () => {
  assert.equal((await handshake({Connection: undefined})).status, 426);
});

test('[H6] a wrong Sec-WebSocket-Version, key or method is refused as a problem', async () => {
  const Authorization = `Bearer ${ACCESS_KEY}`;
  const wrong = [
    {'Sec-WebSocket-Version': '7'},
    {'Sec-WebSocket-Version': undefined},
    {'Sec-WebSocket-Key': undefined},
    {'Sec-WebSocket-Key': 'short'},
    {'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ'},
  ];
  for (const headers of wrong) {
    const answer = await handshake({Authorization, ...headers});
    assert.equal(answer.status, 400, JSON.stringify(headers));
    assertProblemText(answer, 'invalid_request');
    assert.equal(/sec-websocket-version: 13/i.test(answer.head), 'Sec-WebSocket-Version' in headers);
  }
  const answer = await exchange(upgradeRequest('/ws', {Authorization}, 'POST'));
  assert.equal(answer.status, 405);
  assertProblemText(answer, 'method_not_allowed');
  assert.match(answer.head, /^Allow: GET$/im);
});

test('[H6] headers over 16 KiB are refused with 431, and malformed HTTP with 400', async () => {
  const large = await handshake({'X-Filler': 'x'.repeat(20_000)});
  assert.equal(large.status, 431);
  assertProblemText(large, 'invalid_request');
  const chunk = 'POST /api/calls HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n';
  const noHttp = [
    'HELO example.com\r\n\r\n',
    'GET / HTTP/1.1\r\nno colon\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01',
    `${chunk}Authorization: Bearer ${ACCESS_KEY}\r\n\r\nno chunk\r\n`,
  ];
  for (const request of noHttp) {
    const answer = await exchange(request);
    assert.equal(answer.status, 400, request);
    assertProblemText(answer, 'invalid_request');
  }
});

test('[H6] [W14] an unfinished request is 408', async () => {
  const client = new RawWebSocket(gateway.url);
  client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
  await client.closed(30_000);
  const [head = '', body = ''] = client.head.split('\r\n\r\n');
  const answer = {status: Number(head.split(' ')[1]), head, body};
  assert.equal(answer.status, 408);
  assertProblemText(answer, 'invalid_request');
});

test('a subprotocol header with a repeated protocol is refused', async () => {
  const answer = await handshake({
    'Sec-WebSocket-Protocol': 'hookswitch.v1, hookswitch.v1',
    Authorization: `Bearer ${ACCESS_KEY}`,
  });
  assert.equal(answer.status, 400);
  assertProblemText(answer, 'invalid_request');
});

test('a second upgrade request on a session ends that session and no other', async () => {
  const other = await gateway.session();
  const client = new RawWebSocket(gateway.url);
  client.write(upgradeRequest('/ws', {Authorization: `Bearer ${ACCESS_KEY}`}).repeat(2));
  await client.answered();
  assert.equal(await client.closeFrame(), 1002);
  await client.closed();
  assert.equal(other.ws.readyState, WebSocket.OPEN);
  await other.close();
});

test('frames in the same packet as the handshake are handled after session.ready', async () => {
  const client = new RawWebSocket(gateway.url);
  const subscribe = encodeFrame('{"type":"call.subscribe","calls":[],"requestId":"early"}');
  const request = upgradeRequest('/ws', {Authorization: `Bearer ${ACCESS_KEY}`});
  client.write(Buffer.concat([Buffer.from(request), subscribe]));
  await until(() => client.messages.length >= 3, {what: 'ready, snapshot and response'});
  assert.deepEqual(
    client.messages.map((message) => [message.type, 'requestId' in message ? message.requestId : undefined]),
    [
      ['session.ready', undefined],
      ['call.snapshot', undefined],
      ['call.snapshot', 'early'],
    ],
  );
  client.vanish();
});

test('clients that disconnect during the handshake leave nothing behind', async () => {
  const request = upgradeRequest('/ws', {Authorization: `Bearer ${ACCESS_KEY}`});
  for (let cut = 0; cut < request.length; cut += 17) {
    const socket = connect(gateway.environment.port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.write(request.slice(0, cut) || ' ', () => resolve()));
    socket.destroy();
  }
  const abrupt = new RawWebSocket(gateway.url);
  await new Promise<void>((resolve) => abrupt.socket.write(request, () => resolve()));
  abrupt.vanish();
  await until(async () => (await gateway.api('/api/sessions')).body.sessions.length === 0);
  const client = await gateway.session();
  await client.close();
});
