/**
 * The key endpoint may be down, slow, wrong or huge. Known keys are accepted, unknown ones are refused, and
 * nobody waits long (A2).
 */
import assert from 'node:assert/strict';
import type {RequestListener} from 'node:http';
import {test} from 'node:test';
import {gzipSync} from 'node:zlib';
import {pino} from 'pino';
import {Authentication, VERIFY_TIMEOUT_MS} from '../../src/auth/authentication.ts';
import type {Principal} from '../../src/auth/authenticator.ts';
import {COOL_DOWN_MS, FETCH_TIMEOUT_MS, JwksKeys, MAX_WAITING, RETRY_MS} from '../../src/auth/jwks.ts';
import {createPair, KeySetEndpoint, type Pair, showing, signWithPair} from '../support/auth/key-set.ts';
import {ACCESS_KEY, startGateway} from '../support/gateway/gateway.ts';
import {ManualClock} from '../support/manual-clock.ts';
import {until} from '../support/until.ts';

const first = createPair('first', 'ec');
const second = createPair('second', 'ec');

function tokenBy(pair: Pair, clock: {now(): number}): string {
  const exp = Math.floor(clock.now() / 1000) + 86_400;
  return signWithPair(pair, {alg: 'ES256'}, {sub: 'ann', scope: 'calls:read', exp});
}

class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly endpoint = new KeySetEndpoint([first]);
  readonly logs: string[] = [];
  #authentication: Authentication | undefined;

  /** @param answered whether to wait for the first response */
  async start(answered = true): Promise<this> {
    await this.endpoint.start();
    const logger = pino({level: 'debug'}, {write: (line: string) => void this.logs.push(line)});
    this.#authentication = new Authentication({
      accessKey: ACCESS_KEY,
      jwt: {jwksUrl: this.endpoint.url},
      clock: this.clock,
      logger,
    });
    this.#authentication.start();
    if (answered) await this.asked(1);
    return this;
  }

  /** Resolves once this many requests were sent and completed, successfully or not. */
  async asked(times: number): Promise<void> {
    const outcomes = () =>
      this.logs.filter((line) => /JWT keys fetched|fetch the JWT keys/.test(line)).length;
    await until(() => this.endpoint.requests >= times && outcomes() > 0 && this.endpoint.open === 0, {
      what: `request ${times} for keys`,
    });
  }

  verify(token: string): Promise<Principal | undefined> {
    assert.ok(this.#authentication);
    return this.#authentication.verify(token);
  }

  async lets(pair: Pair): Promise<boolean> {
    return (await this.verify(tokenBy(pair, this.clock)))?.user === 'ann';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#authentication?.stop();
    await this.endpoint[Symbol.asyncDispose]();
    assert.equal(this.clock.timerCount, 0, 'no timer is left');
  }
}

const broken: Readonly<Record<string, RequestListener>> = {
  'answers 500': (_request, response) => void response.writeHead(500).end('{"keys":[]}'),
  'answers 204': (_request, response) => void response.writeHead(204).end(),
  'hangs up': (request) => void request.socket.destroy(),
  'closes the connection within the body': (request, response) => {
    response.writeHead(200, {'content-length': 100}).write('{"keys":[');
    setImmediate(() => request.socket.destroy());
  },
  'redirects to a working endpoint': (request, response) => {
    if (request.url === '/elsewhere') showing([second.jwk])(request, response);
    else response.writeHead(302, {location: '/elsewhere'}).end();
  },
  'answers with nothing': (_request, response) => void response.end(),
  'answers with a page': (_request, response) => void response.end('<html>'),
  'answers null': (_request, response) => void response.end('null'),
  'answers with a list': (_request, response) => void response.end('[]'),
  'answers without keys': (_request, response) => void response.end('{}'),
  'answers with an invalid key list': (_request, response) => void response.end('{"keys":"x"}'),
  'answers with an invalid key': (_request, response) => void response.end('{"keys":[null]}'),
  'answers with a hundred and one keys': showing(Array.from({length: 101}, () => second.jwk)),
  'answers with 300 KB': (_request, response) =>
    void response.end(JSON.stringify({keys: [{...second.jwk, x5c: ['A'.repeat(300_000)]}]})),
  'answers with 10 MB packed into 10 KB': (_request, response) =>
    void response.writeHead(200, {'content-encoding': 'gzip'}).end(gzipSync(Buffer.alloc(10_000_000, ' '))),
};

for (const [what, answer] of Object.entries(broken))
  test(`[A2] if an endpoint ${what}, known keys stay valid, unknown ones are refused, and it recovers`, async () => {
    await using stage = await new Stage().start();
    assert.ok(await stage.lets(first));
    stage.endpoint.answer = answer;
    stage.clock.advance(COOL_DOWN_MS);
    assert.equal(await stage.lets(second), false);
    assert.ok(stage.endpoint.requests >= 2);
    assert.ok(await stage.lets(first), 'known keys stay known');
    assert.ok(await stage.verify(ACCESS_KEY), 'the access key needs no endpoint');
    stage.endpoint.answer = showing([second.jwk]);
    stage.clock.advance(RETRY_MS);
    assert.ok(await stage.lets(second), 'asked again after a pause');
    assert.equal(await stage.lets(first), false, 'a withdrawn key is gone');
  });

test('[A2] if the endpoint fails from the start, no JWT is accepted, and it recovers by itself', async () => {
  await using stage = new Stage();
  stage.endpoint.answer = (_request, response) => void response.writeHead(503).end();
  await stage.start();
  assert.equal(await stage.lets(first), false);
  assert.ok(await stage.verify(ACCESS_KEY));
  stage.endpoint.answer = showing([first.jwk]);
  stage.clock.advance(RETRY_MS);
  await stage.asked(2);
  await until(() => stage.lets(first), {what: 'the key to be known'});
});

test('[A2] requests wait at most 3 s for a slow endpoint, together, and one request is made', async () => {
  await using stage = await new Stage().start();
  stage.endpoint.answer = (_request, response) => void response.write('{"keys":[');
  stage.clock.advance(COOL_DOWN_MS);
  const {requests} = stage.endpoint;
  const waiting = Array.from({length: 50}, () => stage.lets(second));
  await until(() => stage.endpoint.requests > requests, {what: 'the request'});
  assert.ok(await stage.lets(first), 'a known key does not wait');
  stage.clock.advance(FETCH_TIMEOUT_MS);
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set([false]));
  assert.deepEqual([stage.endpoint.requests - requests, stage.endpoint.mostOpen], [1, 1]);
  assert.ok(FETCH_TIMEOUT_MS < VERIFY_TIMEOUT_MS, 'an expired token is refused first');
});

test('[A2] while the endpoint hangs, a crowd of unknown keys does not wait, and known keys are accepted', async () => {
  await using stage = await new Stage().start();
  stage.endpoint.answer = (_request, response) => void response.write('{"keys":[');
  stage.clock.advance(COOL_DOWN_MS);
  let refused = 0;
  const token = tokenBy(second, stage.clock);
  const crowd = Array.from({length: 5000}, async () => {
    assert.equal(await stage.verify(token), undefined);
    refused += 1;
  });
  // The clock stands still, so these requests did not wait.
  await until(() => refused === 5000 - MAX_WAITING, {what: 'all requests beyond the limit to be refused'});
  assert.ok(await stage.lets(first), 'the known key');
  assert.equal(refused, 5000 - MAX_WAITING);
  stage.clock.advance(FETCH_TIMEOUT_MS);
  await Promise.all(crowd);
  assert.equal(stage.endpoint.mostOpen, 1);
});

test('[A2] unknown keys cause one request in 30 s, for any number of tokens', async () => {
  await using stage = await new Stage().start();
  stage.clock.advance(COOL_DOWN_MS);
  for (let round = 1; round <= 3; round += 1) {
    for (let each = 0; each < 100; each += 1) {
      const stranger = {...second, kid: `unknown-${round}-${each}`};
      assert.equal(await stage.lets(stranger), false);
    }
    assert.equal(stage.endpoint.requests, 1 + round);
    stage.clock.advance(COOL_DOWN_MS - 1);
    assert.equal(await stage.lets(second), false);
    assert.equal(stage.endpoint.requests, 1 + round);
    stage.clock.advance(1);
  }
  assert.equal(stage.endpoint.mostOpen, 1);
});

test('[A2] keys rotate: a new key works at once, and an old one until the endpoint removes it', async () => {
  await using stage = await new Stage().start();
  stage.endpoint.answer = showing([first.jwk, second.jwk]);
  stage.clock.advance(COOL_DOWN_MS);
  assert.ok(await stage.lets(second));
  assert.ok(await stage.lets(first));
  stage.endpoint.answer = showing([second.jwk]);
  const {requests} = stage.endpoint;
  stage.clock.advance(600_000);
  await stage.asked(requests + 1);
  await until(async () => !(await stage.lets(first)), {what: 'the old key to be gone'});
  assert.ok(await stage.lets(second));
  stage.endpoint.answer = showing([]);
  stage.clock.advance(600_000);
  await until(async () => !(await stage.lets(second)), {what: 'an empty key set to withdraw all keys'});
});

test('[A2] if the endpoint is down for a day, known keys are accepted, and the log says so once', async () => {
  await using stage = await new Stage().start();
  stage.endpoint.answer = (request) => void request.socket.destroy();
  for (let minute = 0; minute < 60; minute += 1) {
    stage.clock.advance(24 * 60_000);
    await until(() => stage.endpoint.open === 0, {what: 'the requests to end'});
  }
  stage.clock.jumpWall(-3_600_000);
  assert.ok(await stage.lets(first));
  const warnings = stage.logs.filter((line) => line.includes('"level":40') && line.includes('JWT keys'));
  assert.equal(warnings.length, 1);
});

test('stopping a key set ends its fetch at once and prevents further requests', async () => {
  await using endpoint = await new KeySetEndpoint().start();
  endpoint.answer = () => {};
  const clock = new ManualClock();
  const keys = new JwksKeys({url: endpoint.url, clock, logger: pino({level: 'silent'})});
  keys.start();
  await until(() => endpoint.open === 1, {what: 'the request'});
  const waiting = keys.find({alg: 'ES256', kid: 'x'});
  keys.stop();
  assert.equal(await waiting, undefined);
  assert.equal(await keys.find({alg: 'ES256', kid: 'x'}), undefined);
  assert.deepEqual([endpoint.requests, clock.timerCount], [1, 0]);
});

test('[A2] [A3] with a hanging endpoint the gateway starts, accepts the access key, and refuses an upgrade in time', async () => {
  await using endpoint = await new KeySetEndpoint().start();
  endpoint.answer = () => {};
  const clock = new ManualClock();
  await using gateway = await startGateway({env: {AUTH_JWKS_URL: endpoint.url}, clock});
  await gateway.session();
  const client = gateway.connect({token: tokenBy(first, clock)});
  await until(() => endpoint.open === 1, {what: 'the request for keys'});
  const closed = client.closed();
  await until(() => {
    clock.advance(100);
    return client.closeCode !== undefined;
  });
  assert.equal(await closed, 4401);
});

test('[A3] an Authenticator that never settles delays no upgrade and no request: 4401 and 401', async () => {
  const clock = new ManualClock();
  const asked: string[] = [];
  await using gateway = await startGateway({
    clock,
    authenticator: {
      verify: (token) => {
        asked.push(token);
        return new Promise(() => {});
      },
    },
  });
  const client = gateway.connect({token: 'forever'});
  const request = gateway.api('/api/calls', {headers: {authorization: 'Bearer forever'}});
  await until(() => asked.length === 2, {what: 'both tokens to be verified'});
  assert.equal(client.closeCode, undefined);
  clock.advance(VERIFY_TIMEOUT_MS);
  assert.equal(await client.closed(), 4401);
  assert.equal((await request).status, 401);
  const session = await gateway.session();
  session.send({type: 'session.refresh', token: 'forever'});
  await until(() => asked.length === 3, {what: 'the refresh to be verified'});
  clock.advance(VERIFY_TIMEOUT_MS);
  assert.equal(await session.closed(), 4401);
});
