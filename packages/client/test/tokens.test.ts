/** Tests of tokens: broken token endpoints, short-lived tokens, and the reasons why the client stops. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import {test} from 'node:test';
import {SignJWT} from 'jose';
import {ACCESS_KEY, startGateway} from '../../../test/support/gateway/gateway.ts';
import {ManualClock} from '../../../test/support/manual-clock.ts';
import {until} from '../../../test/support/until.ts';
import {createClient, type HookswitchError, type TokenReason} from '../src/index.ts';
import {parseToken} from '../src/parse-token.ts';
import {renewalDelayMs, renewalRetryMs, TOKEN_FLOOR_MS} from '../src/token-renewal.ts';
import {ready, ScriptedServer, snapshot} from './support/scripted-server.ts';
import {phase, states} from './support/watch.ts';

const GOOD = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-_';

test('white space and one pair of JSON quotes around a token are removed', () => {
  const bom = '\uFEFF';
  for (const value of [
    GOOD,
    `${GOOD}\n`,
    ` \r\n\t${GOOD} `,
    `"${GOOD}"`,
    `"${GOOD}"\n`,
    `" ${GOOD}\n"`,
    bom + GOOD,
  ])
    assert.equal(parseToken(value, 'It'), GOOD);
  // All characters that an access key can contain.
  assert.equal(parseToken("Aa0!#$%&'*+-.^_`|~", 'It'), "Aa0!#$%&'*+-.^_`|~");
});

test('an invalid token is described but never quoted', () => {
  const secret = 's3cr3t';
  const faults: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^It is of type undefined, not a string\.$/],
    [null, /^It is null, not a string\.$/],
    [{token: secret}, /^It is of type object/],
    [7, /^It is of type number/],
    ['', /it is empty\.$/],
    [' \n', /it is empty\.$/],
    ['""', /it is empty\.$/],
    [`<html>${secret}`, /it is HTML or XML\.$/],
    [`<!doctype html>${secret.repeat(4000)}`, /it is HTML or XML\.$/],
    [`{"token":"${secret}"}`, /it is JSON, return only the token\.$/],
    [`["${secret}"]`, /it is JSON/],
    ['x'.repeat(4097), /it has 4097 characters, the maximum is 4096\.$/],
    [`Bearer ${secret}`, /it contains U\+0020\.$/],
    [`${secret}\u200Bx`, /it contains U\+200B\.$/],
    [`“${secret}”`, /it contains U\+201C\.$/],
    [`${secret}\u{1F600}`, /it contains U\+1F600\.$/],
    [`""${secret}""`, /it contains U\+0022\.$/],
    [`${secret}\nx`, /it contains U\+000A\.$/],
    ['ключ', /it contains U\+043A\.$/],
  ];
  for (const [value, message] of faults) {
    assert.throws(
      () => parseToken(value, 'It'),
      (error) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /s3cr3t/);
        return true;
      },
    );
  }
});

test('a token endpoint that fails in every way: the client waits, retries, and is live after it recovers', async (t) => {
  await using gateway = await startGateway();
  const answers: readonly (readonly [number, string])[] = [
    [502, '<html><body>502 Bad Gateway</body></html>'],
    [200, `<!doctype html>${'<p>padding</p>'.repeat(1500)}`],
    [200, `{"token":"${ACCESS_KEY}"}`],
    [200, ''],
    [500, 'Internal Server Error'],
    [200, 'undefined'],
    [200, `\uFEFF"${ACCESS_KEY}"\n`],
  ];
  let asked = 0;
  const endpoint = http.createServer((_request, response) => {
    const [code, body] = answers[Math.min(asked, answers.length - 1)] ?? [500, ''];
    asked += 1;
    response.writeHead(code).end(body);
  });
  endpoint.listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  t.after(() => {
    endpoint.close();
    endpoint.closeAllConnections();
  });
  const tokenUrl = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/token`;
  await using client = createClient({
    url: gateway.url,
    // Typical application code: it does not check the status.
    getToken: async () => (await fetch(tokenUrl)).text(),
    random: () => 0,
  });
  const errors: HookswitchError[] = [];
  client.on('error', (error) => errors.push(error));
  const seen = states(client);
  for (let at = 0; at < answers.length - 2; at += 1) {
    await until(() => asked > at && client.connection.getSnapshot().phase === 'waiting');
    client.connect();
    await until(() => asked > at + 1);
  }
  await phase(client, 'live');
  assert.equal(asked, answers.length);
  const waits = seen.flatMap((state) => (state.phase === 'waiting' ? [state.why] : []));
  // "undefined" could be a token, and only the gateway knows that it is not. After the first 4401 the client
  // retries at once.
  assert.deepEqual(
    waits,
    Array.from({length: 5}, () => 'token-failed'),
  );
  assert.deepEqual([...new Set(errors.map(({code}) => code))], ['token_failed']);
  assert.ok(!seen.some((state) => state.phase === 'stopped'));
});

/** A gateway that refuses and sends what the test specifies. */
async function refusing(isGood: (token: string) => boolean) {
  return ScriptedServer.start(({send, socket, token}) => {
    if (!isGood(token)) return socket.close(4401, 'The token is missing, wrong or expired.');
    send(ready({heartbeatMs: 10_000_000}));
    send(snapshot(5));
  });
}

test('a backend that fails when a token expires: 4401, then failures for an hour, then live again', async () => {
  const clock = new ManualClock();
  let down = false;
  let asked = 0;
  let current = 'first';
  await using server = await refusing((token) => token === current);
  await using client = createClient({
    url: server.url,
    clock,
    connect: 'now',
    random: () => 0.5,
    getToken: async () => {
      asked += 1;
      if (down) throw new TypeError('Failed to fetch');
      return current;
    },
  });
  await phase(client, 'live');
  clock.advance(6000);
  down = true;
  current = 'second';
  server.sessions[0]?.socket.close(4401);
  for (let spent = 0; spent < 3_600_000; spent += 60_000) {
    await phase(client, 'waiting', ({why}) => why === 'token-failed');
    clock.advance(60_000);
  }
  // Each advanced minute ended one wait. This limits the cost of one hour.
  assert.ok(asked >= 60 && asked < 400, String(asked));
  down = false;
  await phase(client, 'waiting');
  clock.advance(20_000);
  await phase(client, 'live');
  assert.equal(server.sessions.at(-1)?.token, 'second');
});

test('[A3] repeated refusals: getToken is called with back-off and the reason, and a refused token is not sent again', async () => {
  const clock = new ManualClock();
  const reasons: TokenReason[] = [];
  await using server = await refusing((token) => token === 'token-8');
  await using client = createClient({
    url: server.url,
    clock,
    connect: 'now',
    random: () => 0,
    getToken: (reason) => {
      reasons.push(reason);
      return `token-${reasons.length}`;
    },
  });
  const waits: number[] = [];
  for (let index = 0; index < 6; index += 1) {
    const {retryAt = 0, code} = await phase(client, 'waiting', ({why}) => why === 'unauthorized');
    assert.equal(code, 4401);
    waits.push(retryAt - clock.now());
    clock.advance(retryAt - clock.now());
  }
  await phase(client, 'live');
  assert.ok(
    waits.every((ms) => ms >= TOKEN_FLOOR_MS && ms <= 20_000),
    String(waits),
  );
  assert.deepEqual(reasons, ['start', ...Array.from({length: 7}, () => 'unauthorized')]);
  assert.deepEqual(
    server.sessions.map(({token}) => token),
    Array.from({length: 8}, (_, index) => `token-${index + 1}`),
  );
});

test('[A3] the client stops when the gateway refuses the user: 4403', async () => {
  let asked = 0;
  const reason = 'The origin https://app.example.com is not in ALLOWED_ORIGINS.';
  await using server = await ScriptedServer.start(({socket}) => socket.close(4403, reason));
  const clock = new ManualClock();
  await using client = createClient({
    url: server.url,
    clock,
    connect: 'now',
    getToken: () => {
      asked += 1;
      return 'good';
    },
  });
  const stopped = await phase(client, 'stopped', ({why}) => why === 'forbidden');
  assert.deepEqual([stopped.code, stopped.reason], [4403, reason]);
  clock.advance(3_600_000);
  assert.equal(asked, 1);
});

/**
 * A gateway whose tokens live for `lifetimeMs` by its own clock. The browser's clock is off. `advance` moves
 * time in small steps.
 */
async function shortLived(
  lifetimeMs: number,
  skewMs: number,
  fails: (asked: number) => boolean = () => false,
) {
  const clock = new ManualClock();
  const gatewayNow = () => clock.now() - skewMs;
  const iso = (ms: number) => new Date(ms).toISOString();
  let asked = 0;
  /** The expiry of each token according to the backend. */
  const endOf = (token: string) => Number(token.split('-')[1]);
  const server = await ScriptedServer.start(({send, socket, token, received}) => {
    let endsAt = endOf(token);
    if (endsAt <= gatewayNow()) return socket.close(4401);
    const announce = () => {
      if (endsAt - gatewayNow() <= 60_000)
        send({type: 'session.expiring', expiresAt: iso(endsAt), timestamp: iso(gatewayNow())});
    };
    send(ready({heartbeatMs: 10_000_000, timestamp: iso(gatewayNow())}));
    send(snapshot(5));
    announce();
    clock.every(250, () => {
      for (const message of received.splice(0)) {
        if (message.type !== 'session.refresh') continue;
        endsAt = endOf(message.token ?? '');
        announce();
      }
      if (endsAt <= gatewayNow()) socket.close(4401);
    });
  });
  const client = createClient({
    url: server.url,
    clock,
    connect: 'now',
    random: () => 0,
    getToken: () => {
      asked += 1;
      if (fails(asked)) throw new Error('The backend is down.');
      return `t-${gatewayNow() + lifetimeMs}`;
    },
  });
  const advance = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250);
      // With real sockets, a message needs a turn or two of the event loop.
      for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    client,
    server,
    advance,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      await client.dispose();
      await server[Symbol.asyncDispose]();
    },
  };
}

for (const seconds of [0, 1, 3, 5, 10, 30, 60]) {
  for (const skewMinutes of [0, 14]) {
    test(`[A4] tokens of ${seconds} s, browser ${skewMinutes} min off: no bursts`, async () => {
      await using run = await shortLived(seconds * 1000, skewMinutes * 60_000);
      await until(() => run.asked() > 0);
      await run.advance(10_000);
      assert.ok(run.asked() <= 4, `asked ${run.asked()} times in 10 s`);
      await run.advance(50_000);
      const most = Math.ceil(60_000 / Math.max(TOKEN_FLOOR_MS, seconds * 500)) + 3;
      assert.ok(run.asked() <= most, `asked ${run.asked()} times in a minute, at most ${most}`);
      assert.notEqual(run.client.connection.getSnapshot().phase, 'stopped');
      // A lifetime of twice the minimum interval is enough to never lose the session.
      if (seconds > 10) assert.equal(run.server.sessions.length, 1);
      if (seconds > 10) assert.ok(run.asked() >= Math.floor(60 / seconds), String(run.asked()));
    });
  }
}

test('[A4] a failed renewal is repeated before the token expires', async () => {
  await using run = await shortLived(60_000, -180_000, (asked) => asked >= 2 && asked <= 4);
  await phase(run.client, 'live');
  await run.advance(58_000);
  assert.equal(run.server.sessions.length, 1);
  assert.ok(run.asked() >= 5 && run.asked() <= 6, String(run.asked()));
  await run.advance(20_000);
  assert.equal(run.server.sessions.length, 1);
});

test('[A4] the time of renewal: half of the lifetime, the minimum interval, or at once if little time is left', () => {
  const at = (leftMs: number, ageMs: number) =>
    renewalDelayMs(
      new Date(1_000_000_000_000 + leftMs).toISOString(),
      new Date(1_000_000_000_000).toISOString(),
      ageMs,
    );
  assert.equal(at(60_000, 14 * 60_000), 0);
  assert.equal(at(60_000, 0), 30_000);
  assert.equal(at(60_000, 30_000), 15_000);
  assert.equal(at(10_000, 0), 5000);
  assert.equal(at(6000, 0), TOKEN_FLOOR_MS);
  assert.equal(at(5000, 0), undefined);
  assert.equal(at(1000, 0), undefined);
  assert.equal(at(-1000, 2000), undefined);
  assert.equal(at(1000, 60_000), 0);
  assert.equal(at(-1000, 60_000), 0);
  // A timer longer than 24.8 days would fire at once.
  assert.equal(at(90 * 86_400_000, 0), 3_600_000);
  assert.equal(renewalDelayMs('', '', 0), 30_000);
  assert.equal(renewalDelayMs('soon', '', 840_000), 0);
  assert.equal(renewalRetryMs(1, 0), TOKEN_FLOOR_MS);
  assert.equal(renewalRetryMs(9, 1), 20_000);
});

test('[A4] real tokens of a few seconds at the real gateway: renewed in the session, no burst', async () => {
  const secret = 'a-secret-of-at-least-thirty-two-bytes';
  await using gateway = await startGateway({env: {AUTH_JWT_SECRET: secret}});
  let asked = 0;
  await using client = createClient({
    url: gateway.url,
    connect: 'now',
    getToken: () => {
      asked += 1;
      return new SignJWT({scope: 'calls:read:all'})
        .setProtectedHeader({alg: 'HS256'})
        .setSubject('anna')
        .setExpirationTime(Math.floor(Date.now() / 1000) + 12)
        .sign(new TextEncoder().encode(secret));
    },
  });
  const {sessionId} = await phase(client, 'live');
  await until(() => asked === 2, {timeoutMs: 30_000});
  assert.equal((await phase(client, 'live')).sessionId, sessionId);
});

test('HTTP: a 401 requests one new token, a failing getToken is retried, and parallel requests share a token', async () => {
  await using gateway = await startGateway();
  const reasons: TokenReason[] = [];
  await using client = createClient({
    url: gateway.url,
    random: () => 0,
    getToken: async (reason) => {
      reasons.push(reason);
      if (reasons.length === 1) return 'expired';
      if (reasons.length === 3) throw new Error('The backend is down.');
      return `${ACCESS_KEY}${reasons.length === 2 ? '' : '\n'}`;
    },
  });
  const answers = await Promise.all([1, 2, 3].map(() => client.request<{calls: unknown[]}>('/api/calls')));
  assert.ok(answers.every(({calls}) => Array.isArray(calls)));
  assert.deepEqual(reasons, ['start', 'unauthorized']);
});
