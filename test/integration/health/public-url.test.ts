/** PUBLIC_URL through a real, misbehaving proxy: the doctor's findings and remedies. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {HealthCheck} from '@hookswitch/protocol';
import {startGateway} from '../../support/gateway/gateway.ts';
import {evidenceFor, runCheck} from '../../support/health/health-check.ts';
import {type FrontMode, HealthFront} from '../../support/health/health-front.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {until} from '../../support/until.ts';

async function startBehind(front: HealthFront, env: Record<string, string> = {}, clock?: ManualClock) {
  const gateway = await startGateway({
    env: {PUBLIC_URL: front.url, ...env},
    ...(clock === undefined ? {} : {clock}),
  });
  front.target = gateway.url;
  return gateway;
}

test('public-url: a transparent proxy leads to this process, for browsers too', async () => {
  await using front = await new HealthFront().start();
  await using gateway = await startBehind(front);
  const found = await runCheck(gateway, 'public-url');
  assert.equal(found.status, 'ok', found.summary);
  assert.equal(evidenceFor(found, 'Answered by'), 'this process');
  assert.ok(found.checkedAt !== undefined && found.tookMs !== undefined);
  assert.equal(front.requests.length, 2);
  assert.equal(new Set(front.requests).size, 2, 'no challenge is used twice');
});

const httpFaults: readonly (readonly [FrontMode, RegExp, RegExp])[] = [
  ['redirect', /redirects to https:\/\/elsewhere\.example\/x\?•••/, /Set PUBLIC_URL/],
  ['interstitial', /ngrok's warning page/, /ngrok-skip-browser-warning/],
  ['other-server', /Another server answers/, /target of the proxy/],
  ['other-gateway', /Another gateway answers/, /Stop the other gateway/],
  ['other-path', /a path other than/, /path of PUBLIC_URL/],
  ['sign-in', /answers 401/, /Exempt .* from the sign-in/],
  ['bad-gateway', /answers 502/, /forwards to/],
  ['reset', /closed the connection/, /proxy's log/],
];

test('public-url: every other responder is named with its own remedy, and redirects are not followed', async (t) => {
  await using front = await new HealthFront().start();
  const clock = new ManualClock();
  await using gateway = await startBehind(front, {}, clock);
  for (const [mode, summary, remedy] of httpFaults) {
    await t.test(mode, async () => {
      clock.advance(5000);
      front.mode = mode;
      front.requests.length = 0;
      const found = await runCheck(gateway, 'public-url');
      assert.equal(found.status, 'failed');
      assert.match(found.summary, summary);
      assert.match(found.remedy ?? '', remedy);
      assert.equal(front.requests.length, 1);
      assert.doesNotMatch(JSON.stringify(found), /secret|token=abc/);
    });
  }
});

test('public-url: an interstitial page for browsers is a warning', async () => {
  await using front = await new HealthFront().start();
  await using gateway = await startBehind(front);
  front.mode = 'interstitial-for-browsers';
  const found = await runCheck(gateway, 'public-url');
  assert.equal(found.status, 'warning');
  assert.match(found.summary, /leads here, but not for browsers\. ngrok/);
  assert.equal(evidenceFor(found, 'Page title'), 'You are about to visit');
});

test('public-url: a request has 10 s, and does not delay other checks', async () => {
  await using front = await new HealthFront().start();
  const clock = new ManualClock();
  await using gateway = await startBehind(front, {}, clock);
  front.mode = 'silent';
  const asked = gateway.api('/api/health/checks', {method: 'POST'});
  await until(() => front.requests.length === 2, {what: 'both requests to be sent'});
  const others = await until(async () => {
    const {checks} = (await gateway.api('/api/health')).body;
    const done = checks.filter(({status}: HealthCheck) => status !== 'not-run');
    return done.length === checks.length - 2 && done;
  });
  assert.equal(others.length, 5);
  clock.advance(9500);
  const {body} = await asked;
  for (const id of ['public-url', 'public-websocket']) {
    const found: HealthCheck = body.checks.find((each: HealthCheck) => each.id === id);
    assert.equal(found.status, 'failed');
    assert.match(found.summary, /127\.0\.0\.1:\d+ does not answer/);
  }
});

test('public-url: refused connections, missing TLS and unknown names have different findings', async () => {
  await using front = await new HealthFront().start();
  await using tls = await startBehind(front, {PUBLIC_URL: front.url.replace('http:', 'https:')});
  assert.match((await runCheck(tls, 'public-url')).summary, /does not use the protocol of PUBLIC_URL/);
  assert.equal((await runCheck(tls, 'public-websocket')).status, 'failed');
  await using nobody = await startGateway({env: {PUBLIC_URL: 'http://127.0.0.1:9'}});
  assert.match((await runCheck(nobody, 'public-url')).summary, /127\.0\.0\.1:9 refuses connections/);
  await using unknown = await startGateway({env: {PUBLIC_URL: 'https://gateway.invalid'}});
  const found = await runCheck(unknown, 'public-url');
  assert.match(found.summary, /gateway\.invalid cannot be resolved/);
  assert.match(found.remedy ?? '', /tunnel/);
});

test('public-websocket: our own 4401 shows that upgrades pass', async () => {
  await using front = await new HealthFront().start();
  await using gateway = await startBehind(front);
  const found = await runCheck(gateway, 'public-websocket');
  assert.equal(found.status, 'ok', found.summary);
  assert.match(evidenceFor(found, 'Closed with') ?? '', /^4401 /);
  assert.equal((await gateway.api('/api/sessions')).body.sessions.length, 0);
});

const socketFaults: readonly (readonly [FrontMode, RegExp, RegExp])[] = [
  ['drop-upgrades', /closed the connection/, /proxy's log/],
  ['upgrades-as-requests', /arrives, but not as an upgrade/, /proxy_http_version 1\.1/],
  ['upgrades-answered-itself', /answered with 200, and no socket opened/, /Upgrade and Connection/],
  ['redirect', /redirects to https:\/\/elsewhere\.example\//, /Set PUBLIC_URL/],
];

test('public-websocket: every other answer is named with its remedy', async (t) => {
  await using front = await new HealthFront().start();
  const clock = new ManualClock();
  await using gateway = await startBehind(front, {}, clock);
  for (const [mode, summary, remedy] of socketFaults) {
    await t.test(mode, async () => {
      clock.advance(5000);
      front.mode = mode;
      const found = await runCheck(gateway, 'public-websocket');
      assert.equal(found.status, 'failed');
      assert.match(found.summary, summary);
      assert.match(found.remedy ?? '', remedy);
    });
  }
});

test('public-websocket: a gateway without free sessions is reported as such', async () => {
  await using front = await new HealthFront().start();
  await using gateway = await startBehind(front, {MAX_SESSIONS: '1'});
  const session = await gateway.session();
  const found = await runCheck(gateway, 'public-websocket');
  assert.match(found.summary, /accepts no more sessions/);
  await session.close();
});

test('[H4] healthz tells strangers nothing more: it answers only challenges of this process', async () => {
  await using front = await new HealthFront().start();
  await using gateway = await startBehind(front);
  await runCheck(gateway, 'public-url');
  const [path = ''] = front.requests;
  const ask = async (query: string) =>
    (await fetch(`${gateway.url}/healthz${query}`)).json() as Promise<object>;
  const question = path.replace('/healthz', '');
  assert.ok('probe' in (await ask(question)));
  const [nonce] = question.replace('?probe=', '').split('.');
  for (const query of [
    '',
    '?probe=',
    '?probe=x.y',
    `?probe=${nonce}.${nonce}`,
    `${question}x`,
    `${question}&probe=1`,
  ])
    assert.deepEqual(await ask(query), {status: 'alive'}, query);
  await using other = await startBehind(front);
  assert.deepEqual(await (await fetch(`${other.url}${path}`)).json(), {status: 'alive'});
});
