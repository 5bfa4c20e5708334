import assert from 'node:assert/strict';
import type {AddressInfo} from 'node:net';
import {createServer, type Socket} from 'node:net';
import {test} from 'node:test';
import {gzipSync} from 'node:zlib';
import twilio from 'twilio';
import {signatureFor} from '../src/index.ts';
import {connectionOverrides} from '../src/webhooks/connection-overrides.ts';
import {webhookRequest} from '../src/webhooks/target.ts';
import {numbers, type Setup, setup} from './support.ts';

const from = '+15005550006';

/** Creates a call that ends at once and reports it to one URL. */
async function busyCall({client, simulator}: Setup, statusCallback: string, extra: object = {}) {
  const params = {to: numbers.busy, from, twiml: '<Response/>', statusCallback, ...extra};
  const {sid} = await client.calls.create(params);
  await simulator.settled();
  const delivery = simulator.deliveries().find((entry) => entry.callSid === sid && entry.kind === 'status');
  assert.ok(delivery);
  return delivery;
}

test('signatures match the published vectors', () => {
  const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
  const params = {
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675309',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
  };
  const vectors: [string, Record<string, string>, string][] = [
    [url, params, 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
    [url.replace('.com', '.com:443'), params, 'kvajT1Ptam85bY51eRf/AJRuM3w='],
    ['http://mycompany.com:1234/myapp.php?foo=1&bar=2', params, 'Zmvh+3yNM1Phv2jhDCwEM3q5ebU='],
    [url, {...params, ForwardedFrom: ''}, '5eWcTAiF7RHLjC8x9rN5lf+Ntis='],
  ];
  for (const [signed, form, expected] of vectors) assert.equal(signatureFor('12345', signed, form), expected);
});

test('the signed URL has no fragment and no credentials, keeps the port over http and drops it over https', () => {
  const token = 'secret';
  const params = {CallSid: 'CA1', Empty: '', Text: "it's & <ünïcode> +"};
  const sign = (url: string, method: 'GET' | 'POST' = 'POST') =>
    webhookRequest({method, url, params}, {authToken: token, idempotencyToken: 'i', cookies: ''});
  const cases: [string, string][] = [
    ['http://h.example:8080/p?q=1#rc=2', 'http://h.example:8080/p?q=1'],
    ['http://h.example:80/p', 'http://h.example:80/p'],
    ['https://h.example:8443/p?b=2&a=1', 'https://h.example/p?b=2&a=1'],
    ['https://h.example', 'https://h.example/'],
    ['https://me:pass@h.example/p', 'https://h.example/p'],
  ];
  for (const [configured, signed] of cases) {
    const request = sign(configured);
    assert.equal(request.headers['X-Twilio-Signature'], signatureFor(token, signed, params), configured);
    assert.ok(!request.url.includes('#') && !request.url.includes('@'));
  }
  assert.equal(sign('https://me:p%40s@h.example/').headers['Authorization'], `Basic ${btoa('me:p@s')}`);
  const get = sign('https://h.example/p?q=1#rc=1', 'GET');
  assert.match(get.url, /^https:\/\/h\.example\/p\?q=1&CallSid=CA1&Empty=&Text=/);
  assert.equal(get.body, '');
  assert.ok(twilio.validateRequest(token, get.headers['X-Twilio-Signature'] ?? '', get.url, {}));
});

test('connection overrides: defaults, ranges and invalid values', () => {
  assert.deepEqual(connectionOverrides('https://h/p'), {
    connectTimeoutMs: 5000,
    readTimeoutMs: 15_000,
    totalTimeoutMs: 15_000,
    retryCount: 1,
    retryOn: new Set(['ct']),
  });
  assert.deepEqual(
    connectionOverrides('https://h/p#rc=5&rp=4xx,5xx,rt&ct=100&rt=200&tt=300&sni=n&e=dublin'),
    {
      connectTimeoutMs: 100,
      readTimeoutMs: 200,
      totalTimeoutMs: 300,
      retryCount: 5,
      retryOn: new Set(['4xx', '5xx', 'rt']),
    },
  );
  assert.deepEqual(connectionOverrides('https://h/p#rc=6&ct=99&rp=x'), connectionOverrides('https://h/p'));
});

test('by default only a failed connection is retried', async (t) => {
  const s = await setup(t);
  const url = s.receiver.on('/status', (_received, response) => response.writeHead(503).end());
  const refused = await busyCall(s, 'http://127.0.0.1:1/status');
  assert.deepEqual(
    refused.attempts.map(({error, cause}) => [error?.code, cause]),
    [
      [11202, 'first'],
      [11202, 'retry'],
    ],
  );
  assert.equal(refused.state, 'failed');
  assert.equal((await busyCall(s, url)).attempts.length, 1);
});

test('rc and rp are respected, and every attempt has the same idempotency token and no fragment', async (t) => {
  const s = await setup(t);
  let asked = 0;
  const url = s.receiver.on('/status', (_received, response) => {
    asked += 1;
    response.writeHead(asked < 3 ? 500 : 204).end();
  });
  const delivery = await busyCall(s, `${url}?a=1#rc=4&rp=5xx`);
  assert.equal(delivery.state, 'delivered');
  assert.deepEqual(
    delivery.attempts.map(({status}) => status),
    [500, 500, 204],
  );
  const requests = s.receiver.to('/status');
  assert.deepEqual([...new Set(requests.map(({path}) => path))], ['/status?a=1']);
  assert.deepEqual(
    [...new Set(requests.map(({headers}) => headers['i-twilio-idempotency-token']))],
    [delivery.idempotencyToken],
  );
  assert.equal(
    (await busyCall(s, `${s.receiver.on('/gone', (_r, response) => response.writeHead(410).end())}#rp=4xx`))
      .attempts.length,
    2,
  );
});

test('rt, tt and ct limit the waiting time, in real time', async (t) => {
  const s = await setup(t);
  const url = s.receiver.on('/status', () => {}); // never answers
  const started = performance.now();
  const delivery = await busyCall(s, `${url}#rt=150&rc=1&rp=rt`);
  assert.deepEqual(
    delivery.attempts.map(({error}) => error?.code),
    [11200, 11200],
  );
  assert.ok(performance.now() - started >= 300);
  const limited = await busyCall(s, `${url}#tt=200&rc=5&rp=all`);
  assert.equal(limited.attempts.length, 1);
});

test('a connection closed before the response counts as rt, one closed within it is never retried', async (t) => {
  const s = await setup(t);
  const serve = async (onData: (socket: Socket) => void) => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => onData(socket));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/#rc=2&rp=all`;
  };
  const cut = await serve((socket) => socket.destroy());
  assert.equal((await busyCall(s, cut)).attempts.length, 3);
  const partial = await serve((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun', () => socket.destroy());
  });
  assert.equal((await busyCall(s, partial)).attempts.length, 1);
});

test('redirects are followed and signed again: 307 as POST, 301 and 302 as GET; cookies are returned', async (t) => {
  const s = await setup(t);
  const url = s.receiver.on('/status', (_received, response) => {
    response.writeHead(307, {Location: '/kept', 'Set-Cookie': ['a=1; Path=/', 'b=2']}).end();
  });
  s.receiver.on('/kept', (_received, response) => response.writeHead(302, {Location: '/changed?x=1'}).end());
  const delivery = await busyCall(s, url);
  assert.deepEqual(
    delivery.attempts.map(({status, cause}) => [status, cause]),
    [
      [307, 'first'],
      [302, 'redirect'],
      [204, 'redirect'],
    ],
  );
  assert.equal(s.receiver.to('/kept')[0]?.method, 'POST');
  assert.equal(s.receiver.to('/kept')[0]?.headers.cookie, 'a=1; b=2');
  assert.equal(s.receiver.to('/changed')[0]?.method, 'GET');
  assert.match(s.receiver.to('/changed')[0]?.path ?? '', /^\/changed\?x=1&CallSid=CA/);
});

test('at most ten redirects', async (t) => {
  const s = await setup(t);
  const url = s.receiver.on('/status', (_received, response) =>
    response.writeHead(307, {Location: '/status'}).end(),
  );
  const delivery = await busyCall(s, url);
  assert.equal(delivery.attempts.length, 11);
  assert.equal(delivery.state, 'failed');
});

test('gzip is supported, and a body over 64 kB is only a warning for a callback', async (t) => {
  const codes: (number | undefined)[] = [];
  const s = await setup(t, {logger: ({code}) => codes.push(code)});
  const url = s.receiver.on('/status', (_received, response) => {
    response.setHeader('Content-Encoding', 'gzip').end(gzipSync('hello'));
  });
  assert.equal((await busyCall(s, url)).attempts[0]?.responseBody, 'hello');
  s.receiver.on('/status', (_received, response) => response.end('x'.repeat(70_000)));
  assert.equal((await busyCall(s, url)).state, 'delivered');
  assert.ok(codes.includes(11750));
});

test('the events of a call contain the requests and responses', async (t) => {
  const s = await setup(t);
  const delivery = await busyCall(s, `${s.receiver.url}/status`);
  const [event] = await s.client.calls(delivery.callSid).events.list();
  assert.ok(event);
  assert.equal((event.request as {url: string}).url, `${s.receiver.url}/status`);
  assert.equal((event.response as {response_code: number}).response_code, 204);
});

test('a failed TLS handshake counts as a failed connection', async (t) => {
  const s = await setup(t);
  const delivery = await busyCall(s, s.receiver.url.replace('http:', 'https:'));
  assert.deepEqual(
    delivery.attempts.map(({error}) => error?.code),
    [11220, 11220],
  );
});
