/**
 * TRUSTED_PROXIES as seen from outside: the address in the session list, the webhook log and the log, and the
 * access that it never grants.
 */
import assert from 'node:assert/strict';
import {connect} from 'node:net';
import {text} from 'node:stream/consumers';
import {test} from 'node:test';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {rawRequest} from '../../support/http/http-request.ts';

const METRICS_TOKEN = 'metrics-token-0123456789';
const forwarded = {'x-forwarded-for': '127.0.0.1, 203.0.113.7'};

async function sessionAddress(gateway: TestGateway, headers: Readonly<Record<string, string>>) {
  const session = await gateway.session({headers});
  const {sessionId} = await session.ready();
  const {body} = await gateway.api('/api/sessions');
  const sessions: readonly {readonly sessionId: string; readonly address: string}[] = body.sessions;
  await session.close();
  return sessions.find((each) => each.sessionId === sessionId)?.address;
}

/** An unsigned webhook. Returns its recorded address and its log line. */
async function webhookAddress(gateway: TestGateway, headers: Readonly<Record<string, string>>) {
  const answer = await rawRequest(gateway.url, {
    method: 'POST',
    path: '/twilio/status',
    headers: {'content-type': 'application/x-www-form-urlencoded', ...headers},
    body: 'CallSid=CA00000000000000000000000000000000',
  });
  assert.equal(answer.status, 403, 'a header never replaces a signature');
  const {body} = await gateway.api('/api/webhooks?limit=1');
  const line = gateway.logs.findLast((each) => each.includes('webhook refused')) ?? '{}';
  assert.equal(JSON.parse(line).address, body.webhooks[0].remoteAddress);
  return body.webhooks[0].remoteAddress;
}

test("[E] TRUSTED_PROXIES: sessions and webhooks show the client's address", async () => {
  await using gateway = await startGateway({env: {TRUSTED_PROXIES: '127.0.0.1,::1'}});
  assert.equal(await sessionAddress(gateway, forwarded), '203.0.113.7');
  assert.equal(await sessionAddress(gateway, {forwarded: 'for="[2001:db8::7]:4711"'}), '2001:db8::7');
  assert.equal(await sessionAddress(gateway, {}), '127.0.0.1');
  assert.equal(await webhookAddress(gateway, forwarded), '203.0.113.7');
  assert.equal(await webhookAddress(gateway, {'x-forwarded-for': '<script>'}), '127.0.0.1');
});

test('[E] without TRUSTED_PROXIES, or from another peer, forwarding headers are ignored', async () => {
  await using gateway = await startGateway();
  assert.equal(await sessionAddress(gateway, forwarded), '127.0.0.1');
  assert.equal(await webhookAddress(gateway, forwarded), '127.0.0.1');
  await using other = await startGateway({env: {TRUSTED_PROXIES: '10.0.0.0/8'}});
  assert.equal(await sessionAddress(other, forwarded), '127.0.0.1');
});

function metrics(gateway: TestGateway, headers: Readonly<Record<string, string>>) {
  return rawRequest(gateway.url, {path: '/metrics', headers});
}

test('[H4] TRUSTED_PROXIES does not open /metrics: a loopback address in a header grants nothing', async () => {
  await using gateway = await startGateway({env: {TRUSTED_PROXIES: '127.0.0.1,::1'}});
  assert.equal((await metrics(gateway, {})).status, 200);
  const passedOn: readonly Record<string, string>[] = [
    {'x-forwarded-for': '127.0.0.1'},
    {'x-forwarded-for': '::1, 127.0.0.1'},
    {'x-forwarded-for': ''},
    {forwarded: 'for=127.0.0.1'},
    {'x-real-ip': '127.0.0.1'},
    {'x-client-ip': '127.0.0.1'},
    {'client-ip': '127.0.0.1'},
    {'fly-client-ip': '127.0.0.1'},
    {'x-envoy-external-address': '127.0.0.1'},
    {'x-amzn-trace-id': 'Root=1'},
    {'cdn-loop': 'cloudflare'},
  ];
  for (const headers of passedOn)
    assert.equal((await metrics(gateway, headers)).status, 401, JSON.stringify(headers));
});

test('[H4] /metrics in HTTP/1.0, as nginx forwards requests by default, needs a token', async () => {
  await using gateway = await startGateway();
  const socket = connect(gateway.environment.port, '127.0.0.1');
  socket.end(`GET /metrics HTTP/1.0\r\nHost: 127.0.0.1:${gateway.environment.port}\r\n\r\n`);
  assert.match(await text(socket), /^HTTP\/1\.1 401 /);
});

test('[E] METRICS_TOKEN reads /metrics from anywhere, and opens nothing else', async () => {
  await using gateway = await startGateway({env: {METRICS_TOKEN}});
  const authorization = `Bearer ${METRICS_TOKEN}`;
  const elsewhere = {host: 'voice.example.com', 'x-forwarded-for': '203.0.113.7'};
  assert.equal((await metrics(gateway, {...elsewhere, authorization})).status, 200);
  assert.equal((await metrics(gateway, elsewhere)).status, 401);
  for (const wrong of [METRICS_TOKEN.slice(1), `${METRICS_TOKEN}x`, METRICS_TOKEN.toUpperCase(), 'x'])
    assert.equal((await metrics(gateway, {...elsewhere, authorization: `Bearer ${wrong}`})).status, 401);
  assert.equal((await metrics(gateway, {...elsewhere, authorization: `Bearer ${ACCESS_KEY}`})).status, 200);
  for (const path of ['/api/calls', '/api/sessions', '/api/info', '/api/health', '/api/webhooks'])
    assert.equal((await rawRequest(gateway.url, {path, headers: {authorization}})).status, 401, path);
  assert.equal(await gateway.connect({token: METRICS_TOKEN}).closed(), 4401);
  assert.ok(!gateway.logs.join('').includes(METRICS_TOKEN));
});
