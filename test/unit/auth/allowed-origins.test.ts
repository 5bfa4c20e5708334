/**
 * The pages that may use the gateway: listed origins, and the pages that the gateway serves itself (A3, E).
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {isAllowedOrigin} from '../../../src/auth/allowed-origins.ts';

const policy = {
  allowedOrigins: ['https://app.example.com'],
  publicUrl: 'https://gateway.example.com/voice',
  port: 8081,
};

const allows = (origin: string | undefined, host?: string, over: Partial<typeof policy> = {}) =>
  isAllowedOrigin({headers: {origin, host}}, {...policy, ...over});

test('[E] a listed origin is allowed at every host, and a request without an origin does not come from a page', () => {
  assert.ok(allows('https://app.example.com', 'gateway.example.com'));
  assert.ok(allows('https://app.example.com'));
  assert.ok(allows(undefined, 'gateway.example.com'));
  assert.ok(isAllowedOrigin({headers: {origin: 'null'}}, {...policy, allowedOrigins: '*'}));
});

test('[E] the origin whose host is the Host header is allowed, on either scheme and any port', () => {
  for (const [origin, host] of [
    ['http://192.168.1.20:8081', '192.168.1.20:8081'],
    ['http://gateway.lan:9000', 'gateway.lan:9000'],
    ['http://gateway.lan:9000', 'GATEWAY.lan:9000'],
    ['https://calls.example.org', 'calls.example.org'],
    ['https://calls.example.org', 'calls.example.org:443'],
    ['http://calls.example.org', 'calls.example.org:80'],
    ['http://[fe80::1]:8081', '[fe80::1]:8081'],
    ['http://my_host:8081', 'my_host:8081'],
  ] as const)
    assert.ok(allows(origin, host), `${origin} ${host}`);
});

test('[E] localhost, 127.0.0.1 and [::1] at our port are allowed, even if a proxy rewrites the Host header', () => {
  for (const host of ['localhost:8081', '127.0.0.1:8081', 'upstream', undefined]) {
    for (const name of ['localhost', '127.0.0.1', '[::1]'])
      assert.ok(allows(`http://${name}:8081`, host), name);
  }
  assert.ok(
    allows('http://localhost', 'upstream', {port: 80}),
    'the default port of a scheme is not part of the origin',
  );
  for (const origin of [
    'http://localhost:3000',
    'http://127.0.0.1',
    'http://127.0.0.2:8081',
    'http://localhost.evil.example:8081',
  ])
    assert.equal(allows(origin, 'upstream'), false, origin);
});

test('[E] the origin of PUBLIC_URL is allowed, even if a proxy rewrites the Host header', () => {
  assert.ok(allows('https://gateway.example.com', '10.0.0.7:8081'));
  assert.equal(allows('http://gateway.example.com', '10.0.0.7:8081'), false);
});

test('[E] other origins are refused: near misses, other ports, other schemes and look-alike hosts', () => {
  for (const [origin, host] of [
    ['https://evil.example', 'gateway.example.com'],
    ['https://app.example.com.evil.example', 'gateway.example.com'],
    ['https://app.example.com/', 'app.example.com'],
    ['https://APP.example.com', 'app.example.com'],
    ['http://gateway.lan:9000', 'gateway.lan:9001'],
    ['http://gateway.lan:9000', 'gateway.lan'],
    ['https://gateway.lan', 'gateway.lan:80'],
    ['http://evil.example', 'user@evil.example'],
    ['http://evil.example', 'evil.example/path'],
    ['http://evil.example', 'evil.example#'],
    ['http://evil.example', ''],
    ['http://user@gateway.lan', 'gateway.lan'],
    ['null', 'null'],
    ['', ''],
    ['file://', ''],
    ['chrome-extension://gateway.lan', 'gateway.lan'],
    ['http://gateway.lan, http://evil.example', 'gateway.lan'],
  ] as const)
    assert.equal(allows(origin, host), false, `${origin} ${host}`);
});
