/** Callers (A1, A3), their origins (ALLOWED_ORIGINS), and requests that count as local (H4). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {assertProblem, rawRequest} from '../../support/http/http-request.ts';

const authorization = `Bearer ${ACCESS_KEY}`;
const PROTECTED = [
  '/api/calls',
  `/api/calls/CA${'0'.repeat(32)}`,
  '/api/sessions',
  '/api/sessions/any/sent',
  '/api/info',
];

test('[A1] [A3] a missing, wrong or misplaced token gets 401 with WWW-Authenticate', async () => {
  await using gateway = await startGateway();
  const wrong: readonly Record<string, string>[] = [
    {},
    {authorization: ''},
    {authorization: ACCESS_KEY},
    {authorization: 'Bearer'},
    {authorization: 'Bearer wrong'},
    {authorization: `Bearer ${ACCESS_KEY}x`},
    {authorization: `Bearer ${ACCESS_KEY.slice(0, -1)}`},
    {authorization: `Bearer ${ACCESS_KEY} ${ACCESS_KEY}`},
    {authorization: `Basic ${Buffer.from(`operator:${ACCESS_KEY}`).toString('base64')}`},
    {cookie: `token=${ACCESS_KEY}`},
    {'x-access-key': ACCESS_KEY},
  ];
  for (const path of PROTECTED) {
    for (const headers of wrong) {
      const answer = await rawRequest(gateway.url, {path, headers});
      assertProblem(answer, {status: 401, code: 'unauthorized'});
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer/);
    }
  }
});

test('[A1] a token in the query is ignored and never logged', async () => {
  await using gateway = await startGateway();
  for (const name of ['token', 'access_token', 'key']) {
    const answer = await rawRequest(gateway.url, {path: `/api/calls?${name}=${ACCESS_KEY}`});
    assertProblem(answer, {status: 401, code: 'unauthorized'});
  }
  assert.ok(!gateway.logs.join('').includes(ACCESS_KEY));
});

test('[A1] the authentication scheme is case-insensitive', async () => {
  await using gateway = await startGateway();
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    const headers = {authorization: `${scheme} ${ACCESS_KEY}`};
    assert.equal((await rawRequest(gateway.url, {path: '/api/calls', headers})).status, 200);
  }
});

test('[A3] a request without a token is refused before its body is read', async () => {
  await using gateway = await startGateway();
  const answer = await rawRequest(gateway.url, {method: 'POST', path: '/api/calls', body: 'not json'});
  assertProblem(answer, {status: 401, code: 'unauthorized'});
});

const ORIGIN = 'https://app.example.com';

function preflight(gateway: TestGateway, origin: string) {
  return rawRequest(gateway.url, {
    method: 'OPTIONS',
    path: '/api/calls',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  });
}

test('[E] ALLOWED_ORIGINS: a listed origin may send requests and preflights, and read the headers it needs', async () => {
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: `${ORIGIN},http://localhost:3000`}});
  const allowed = await preflight(gateway, ORIGIN);
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers['access-control-allow-origin'], ORIGIN);
  assert.match(allowed.headers['access-control-allow-headers'] ?? '', /Idempotency-Key/i);
  assert.match(allowed.headers['access-control-allow-methods'] ?? '', /POST/);
  assert.match(allowed.headers.vary ?? '', /Origin/i);
  const headers = {origin: ORIGIN, authorization};
  const answer = await rawRequest(gateway.url, {path: '/api/calls', headers});
  assert.equal(answer.headers['access-control-allow-origin'], ORIGIN);
  assert.match(answer.headers['access-control-expose-headers'] ?? '', /Location.*Idempotent-Replayed/);
  assert.equal(answer.headers['access-control-allow-credentials'], undefined);
});

test('[E] CORS allows the headers that tracing, tunnels and HTTP clients add', async () => {
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: ORIGIN}});
  const answer = await preflight(gateway, ORIGIN);
  const allowed = (answer.headers['access-control-allow-headers'] ?? '').toLowerCase().split(',');
  for (const header of [
    ...['authorization', 'content-type', 'idempotency-key', 'x-request-id', 'accept', 'cache-control'],
    ...['ngrok-skip-browser-warning', 'bypass-tunnel-reminder', 'x-requested-with'],
    ...['traceparent', 'tracestate', 'baggage', 'sentry-trace', 'b3', 'x-b3-traceid', 'x-datadog-trace-id'],
  ])
    assert.ok(allowed.includes(header), header);
  assert.equal(answer.headers['access-control-max-age'], '7200');
  const exposed = await rawRequest(gateway.url, {
    path: '/api/calls',
    headers: {origin: ORIGIN, authorization},
  });
  const readable = (exposed.headers['access-control-expose-headers'] ?? '').toLowerCase().split(',');
  for (const header of ['location', 'retry-after', 'idempotent-replayed', 'x-request-id'])
    assert.ok(readable.includes(header), header);
});

test('[E] ALLOWED_ORIGINS: patterns, null and file:// apply to CORS', async () => {
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: 'https://*.vercel.app,null,file://'}});
  for (const origin of ['https://my-app-git-x.vercel.app', 'null', 'file://']) {
    const answer = await preflight(gateway, origin);
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.match(answer.headers.vary ?? '', /Origin/i);
  }
  for (const origin of [
    'https://vercel.app',
    'https://a.b.vercel.app',
    'https://a.vercel.app.evil.example',
  ]) {
    assert.equal(
      (await preflight(gateway, origin)).headers['access-control-allow-origin'],
      undefined,
      origin,
    );
  }
});

test('[E] ALLOWED_ORIGINS: error responses are readable too, so that a browser can show the reason', async () => {
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: ORIGIN}});
  const answer = await rawRequest(gateway.url, {path: '/api/calls', headers: {origin: ORIGIN}});
  assertProblem(answer, {status: 401, code: 'unauthorized'});
  assert.equal(answer.headers['access-control-allow-origin'], ORIGIN);
});

test('[E] ALLOWED_ORIGINS: other origins get no CORS headers', async () => {
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: ORIGIN}});
  for (const origin of ['https://evil.example.com', `${ORIGIN}.evil.com`, 'null', 'http://app.example.com']) {
    const refused = await preflight(gateway, origin);
    assert.equal(refused.headers['access-control-allow-origin'], undefined, origin);
  }
});

test('[E] ALLOWED_ORIGINS: the default allows the origin of PUBLIC_URL and localhost', async () => {
  await using gateway = await startGateway();
  const {port} = gateway.environment;
  for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
    assert.equal((await preflight(gateway, origin)).headers['access-control-allow-origin'], origin);
  }
});

test('[E] ALLOWED_ORIGINS: pages that the gateway serves may send requests without being listed', async () => {
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: ORIGIN}});
  const {port} = gateway.environment;
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'gateway.lan:9000']) {
    const origin = `http://${host}`;
    const headers = {host, origin, authorization};
    const answer = await rawRequest(gateway.url, {path: '/api/calls', headers});
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.match(answer.headers.vary ?? '', /Origin/i);
  }
});

test('[E] ALLOWED_ORIGINS=* allows every origin', async () => {
  await using gateway = await startGateway({env: {ALLOWED_ORIGINS: '*'}});
  const answer = await preflight(gateway, 'https://anything.example.com');
  assert.equal(answer.headers['access-control-allow-origin'], '*');
});

test('[H4] /metrics needs no token if it is requested on this machine by a loopback name', async () => {
  await using gateway = await startGateway();
  for (const host of ['localhost', `localhost:${gateway.environment.port}`, '127.0.0.1', '[::1]:8081']) {
    assert.equal((await rawRequest(gateway.url, {path: '/metrics', headers: {host}})).status, 200, host);
  }
});

test('[H4] /metrics through a tunnel or proxy on this machine: 401 without a token, 200 with one', async () => {
  await using gateway = await startGateway();
  const passedOn: readonly Record<string, string>[] = [
    {host: 'abc.ngrok.app'},
    {host: 'localhost.evil.com'},
    {host: '127.0.0.1.evil.com'},
    {'x-forwarded-for': '203.0.113.7'},
    {'x-forwarded-for': '127.0.0.1'},
    {'x-forwarded-host': 'localhost'},
    {'x-forwarded-proto': 'https'},
    {forwarded: 'for=203.0.113.7'},
    {via: '1.1 proxy'},
    {'x-real-ip': '203.0.113.7'},
    {'cf-connecting-ip': '203.0.113.7'},
  ];
  for (const headers of passedOn) {
    const refused = await rawRequest(gateway.url, {path: '/metrics', headers});
    assertProblem(refused, {status: 401, code: 'unauthorized'});
    const allowed = await rawRequest(gateway.url, {path: '/metrics', headers: {...headers, authorization}});
    assert.equal(allowed.status, 200, JSON.stringify(headers));
  }
});
