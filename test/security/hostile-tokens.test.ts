/** Every invalid token gets the same response, so that it does not help to build a better one (A2, A3). */
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {createPair, KeySetEndpoint, showing, signWithPair} from '../support/auth/key-set.ts';
import {base64url, JWT_SECRET, signHs256} from '../support/auth/tokens.ts';
import {startGateway, type TestGateway} from '../support/gateway/gateway.ts';
import {rawRequest} from '../support/http/http-request.ts';
import {until} from '../support/until.ts';
import {RawWebSocket, upgradeRequest} from '../support/websocket/raw-websocket.ts';
import {
  AUDIENCE,
  goodClaims,
  type Hostile,
  type HostileKeys,
  hostileToKeySet,
  hostileToSecret,
  ISSUER,
} from './hostile-tokens.ts';

const now = Math.floor(Date.now() / 1000);
const claims = goodClaims(now);

/** The bytes for a header: non-ASCII text is sent as UTF-8. */
function inHeader(token: string): string {
  return Buffer.from(token, 'utf8').toString('latin1');
}

/** The complete HTTP response except its unique parts: an id, a time, and an ETag over both. */
async function httpAnswer({url}: TestGateway, token: string): Promise<string> {
  const {status, headers, text} = await rawRequest(url, {
    path: '/api/calls',
    headers: {authorization: `Bearer ${inHeader(token)}`},
  });
  const {date: _, etag: _etag, 'x-request-id': id, ...rest} = headers;
  const body = text.replace(String(id), 'ID').replace(/"timestamp":"[^"]+"/, '"timestamp":"NOW"');
  return JSON.stringify({status, rest, body});
}

/** The complete response to an upgrade, in bytes. */
async function upgradeAnswer({url}: TestGateway, headers: Record<string, string>): Promise<string> {
  const client = new RawWebSocket(url);
  client.socket.setDefaultEncoding('latin1');
  client.write(upgradeRequest('/ws', headers));
  await client.answered();
  const isUpgraded = client.head.startsWith('HTTP/1.1 101');
  if (isUpgraded) await until(() => client.frames.length > 0, {what: 'a first frame'});
  const frames = client.frames.map(({opcode, payload}) => [opcode, payload.toString('latin1')]);
  client.vanish();
  return JSON.stringify({code: client.closeCode, head: client.head, frames});
}

const CAN_BE_A_SUBPROTOCOL = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Both ways in which an upgrade carries a token. */
async function upgradeAnswers(gateway: TestGateway, token: string): Promise<readonly string[]> {
  const subprotocol = {'Sec-WebSocket-Protocol': `hookswitch.v1, hookswitch.bearer.${token}`};
  const header = {'Sec-WebSocket-Protocol': 'hookswitch.v1', Authorization: `Bearer ${inHeader(token)}`};
  return [
    await upgradeAnswer(gateway, header),
    ...(CAN_BE_A_SUBPROTOCOL.test(token) ? [await upgradeAnswer(gateway, subprotocol)] : []),
  ];
}

function refusesAll(gateway: () => TestGateway, hostile: readonly Hostile[]): void {
  test(`there are more than a hundred different hostile tokens: ${hostile.length}`, () => {
    assert.ok(hostile.length > 100);
    assert.equal(new Set(hostile.map(([what]) => what)).size, hostile.length);
  });

  test('[A3] over HTTP each is answered like nonsense', async () => {
    const expected = await httpAnswer(gateway(), 'nonsense');
    assert.match(expected, /^\{"status":401/);
    for (const [what, token] of hostile) assert.equal(await httpAnswer(gateway(), token), expected, what);
  });

  test('[A3] on the upgrade each is closed like nonsense', async () => {
    const [expected = ''] = await upgradeAnswers(gateway(), 'nonsense');
    assert.match(expected, /^\{"code":4401,/);
    for (const [what, token] of hostile)
      for (const answer of await upgradeAnswers(gateway(), token)) assert.equal(answer, expected, what);
  });

  test('no hostile token is logged or causes an internal error', () => {
    const logs = gateway().logs.join('');
    for (const [what, token] of hostile)
      for (const part of token.split('.'))
        assert.ok(part.length < 40 || !logs.includes(part), `${what} is in the log`);
    assert.doesNotMatch(logs, /"level":"(?:error|fatal)"|unexpected/);
  });
}

const env = {AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE};

async function accepts(gateway: TestGateway, token: string, what: string): Promise<void> {
  const {status} = await rawRequest(gateway.url, {
    path: '/api/calls',
    headers: {authorization: `Bearer ${token}`},
  });
  assert.equal(status, 200, what);
  const session = await gateway.session({token});
  assert.equal((await session.ready()).user, 'ann');
  session.terminate();
}

describe('with AUTH_JWT_SECRET', () => {
  let gateway: TestGateway;
  before(async () => {
    gateway = await startGateway({env: {...env, AUTH_JWT_SECRET: JWT_SECRET}});
  });
  after(() => gateway[Symbol.asyncDispose]());

  test('[A2] the valid tokens that the hostile ones differ from are accepted', async () => {
    const good = (header: object, body: object = claims) =>
      signHs256(JSON.stringify({alg: 'HS256', ...header}), JSON.stringify(body));
    for (const typ of ['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined])
      await accepts(gateway, good({typ}), `typ ${typ}`);
    await accepts(gateway, good({kid: '../../dev/null'}), 'any kid, because there is one key');
    await accepts(gateway, good({x5t: 'abc', other: {a: 1}}), 'unused header parameters');
    await accepts(gateway, good({}, {...claims, aud: ['other', AUDIENCE]}), 'one aud of several');
    await accepts(gateway, good({}, {...claims, nbf: now + 29, iat: now + 29}), 'a clock 29 s ahead');
    const fractions = {exp: now + 3600.5, nbf: now - 0.25, iat: now - 0.0001};
    await accepts(gateway, good({}, {...claims, ...fractions}), 'dates with fractions');
    await accepts(gateway, good({}, {...claims, scope: ['calls:read', 'other']}), 'scope a list');
    const {scope: _, ...without} = claims;
    await accepts(
      gateway,
      good({}, {...without, scp: 'other calls:read'}),
      'scp a string, as Entra sends it',
    );
    await accepts(
      gateway,
      good({}, {...without, scp: ['calls:read', 'openid']}),
      'scp a list, as Okta sends it',
    );
    await accepts(gateway, good({}, {...claims, scp: 1}), 'scp beside scope is ignored');
    await accepts(gateway, good({}, {...claims, nbf: undefined, iat: undefined}), 'nbf and iat missing');
    await accepts(gateway, good({}, {...claims, exp: 253_402_300_799}), 'exp the end of the year 9999');
    const wide = JSON.stringify({...claims, x: ''});
    const header = base64url('{"alg":"HS256"}');
    const room = Math.floor(((4096 - header.length - 2 - 43) * 3) / 4) - wide.length;
    const largest = good({}, {...claims, x: 'x'.repeat(room)});
    assert.ok(largest.length >= 4095 && largest.length <= 4096, `${largest.length} bytes`);
    await accepts(gateway, largest, 'one of 4 KiB');
  });

  refusesAll(() => gateway, hostileToSecret(now));
});

describe('with AUTH_JWKS_URL', () => {
  const rsa = createPair('rsa-1', 'rsa', {alg: 'RS256', use: 'sig'});
  const any = createPair('rsa-any', 'rsa', {key_ops: ['verify']});
  const leaked = createPair('leaked-1', 'rsa');
  const shared = {kid: 'shared-1', secret: 'a-shared-secret-that-stands-in-the-key-set'};
  const keys: HostileKeys = {
    rsa,
    ec: createPair('ec-1', 'ec'),
    ed: createPair('ed-1', 'ed', {alg: 'EdDSA'}),
    encryption: createPair('enc-1', 'rsa', {use: 'enc'}),
    weak: createPair('weak-1', 'rsa', {}, 1024),
    leaked,
    shared,
    ambiguous: createPair('twice', 'rsa'),
  };
  const set = [
    ...[rsa, any, keys.ec, keys.ed, keys.encryption, keys.weak, keys.ambiguous].map(({jwk}) => jwk),
    createPair('twice', 'rsa').jwk,
    {...leaked.privateKey.export({format: 'jwk'}), kid: leaked.kid},
    {kty: 'oct', kid: shared.kid, k: base64url(shared.secret)},
    {kty: 'nonsense', kid: 'nonsense'},
  ];
  const endpoint = new KeySetEndpoint();
  let gateway: TestGateway;
  before(async () => {
    endpoint.answer = showing(set);
    await endpoint.start();
    gateway = await startGateway({env: {...env, AUTH_JWKS_URL: endpoint.url}});
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await endpoint[Symbol.asyncDispose]();
  });

  test('[A2] the valid tokens that the hostile ones differ from are accepted', async () => {
    await accepts(gateway, signWithPair(rsa, {alg: 'RS256'}, claims), 'RS256');
    for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])
      await accepts(gateway, signWithPair(any, {alg}, claims), alg);
    await accepts(gateway, signWithPair(keys.ec, {alg: 'ES256'}, claims), 'ES256');
    await accepts(gateway, signWithPair(keys.ed, {alg: 'EdDSA'}, claims), 'EdDSA');
    await accepts(
      gateway,
      signWithPair(keys.ed, {alg: 'EdDSA', kid: undefined}, claims),
      'a kid for one fitting key',
    );
  });

  refusesAll(() => gateway, hostileToKeySet(now, keys));

  test('all of them together cause at most one more request for keys', () => {
    assert.ok(endpoint.requests <= 2, `${endpoint.requests} requests`);
  });
});
