/** The reason for a refused token is logged (A2), at a limited rate and without any part of the token. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {pino} from 'pino';
import {Authentication} from '../../src/auth/authentication.ts';
import {JWT_SECRET, signHs256, signToken} from '../support/auth/tokens.ts';
import {startGateway, type TestGateway} from '../support/gateway/gateway.ts';
import {rawRequest} from '../support/http/http-request.ts';
import {ManualClock} from '../support/manual-clock.ts';
import {until} from '../support/until.ts';

interface Line {
  readonly level: string;
  readonly reason: string;
  readonly detail: string;
  readonly unlogged?: number;
}

function refusals(logs: readonly string[]): readonly Line[] {
  return logs.filter((line) => line.includes('"msg":"token refused"')).map((line): Line => JSON.parse(line));
}

const env = {AUTH_JWT_SECRET: JWT_SECRET, AUTH_ISSUER: 'https://auth.example.com/', AUTH_AUDIENCE: 'ours'};
const good = {iss: env.AUTH_ISSUER, aud: env.AUTH_AUDIENCE};
const now = Math.floor(Date.now() / 1000);

const CANARY = 'canary-in-the-token';

const refused: readonly (readonly [reason: string, detail: RegExp, token: string])[] = [
  ['form', /neither the access key nor a signed JWT/, `${CANARY}-wrong-key`],
  ['header', /configured keys: HS256/, signHs256(`{"alg":"${CANARY}"}`, '{}')],
  ['header', /parameter jku/, signHs256(`{"alg":"HS256","jku":"https://${CANARY}.example"}`, '{}')],
  ['header', /typ is neither/, signHs256(`{"alg":"HS256","typ":"${CANARY}"}`, '{}')],
  ['signature', /another key/, signToken(CANARY, {claims: good, secret: 'x'.repeat(32)})],
  ['claims', /a JSON object/, signHs256('{"alg":"HS256"}', `["${CANARY}"]`)],
  [
    'exp',
    /expired (?:60\d|6[1-9]\d|[7-9]\d\d) s ago/,
    signToken(CANARY, {claims: {...good, exp: now - 600}}),
  ],
  ['exp', /no exp that is a number/, signToken(CANARY, {claims: {...good, exp: CANARY}})],
  [
    'nbf',
    /nbf is \d+ s ahead.+AUTH_CLOCK_TOLERANCE_S allows 30 s/,
    signToken(CANARY, {claims: {...good, nbf: now + 900}}),
  ],
  ['iat', /iat is \d+ s ahead/, signToken(CANARY, {claims: {...good, iat: now + 900}})],
  ['sub', /no sub that can be a user/, signToken(`${CANARY}\n`, {claims: good})],
  ['sub', /operator\. Use another name/, signToken('operator', {claims: {...good, name: CANARY}})],
  ['scope', /neither a string nor a list/, signToken(CANARY, {claims: {...good, scope: {[CANARY]: true}}})],
  ['iss', /AUTH_ISSUER/, signToken(CANARY, {claims: {...good, iss: `https://${CANARY}.example`}})],
  ['aud', /AUTH_AUDIENCE/, signToken(CANARY, {claims: {...good, aud: CANARY}})],
];

async function ask(gateway: TestGateway, token: string): Promise<number> {
  const headers = {authorization: `Bearer ${token}`};
  return (await rawRequest(gateway.url, {path: '/api/calls', headers})).status;
}

test('[A2] the log says at info why each token was refused, and repeats nothing of it', async () => {
  await using gateway = await startGateway({env});
  for (const [, , token] of refused) assert.equal(await ask(gateway, token), 401);
  const lines = refusals(gateway.logs);
  assert.deepEqual(
    lines.map(({level, reason}) => [level, reason]),
    refused.map(([reason]) => ['info', reason]),
  );
  for (const [index, [reason, detail]] of refused.entries())
    assert.match(lines[index]?.detail ?? '', detail, reason);
  const text = gateway.logs.join('');
  assert.ok(!text.includes(CANARY));
  for (const [, , token] of refused)
    for (const part of token.split('.')) assert.ok(part.length < 10 || !text.includes(part), part);
});

test('[A2] refusals of upgrades and of session.refresh are logged in the same way', async () => {
  await using gateway = await startGateway({env});
  const closed = gateway.connect({token: signToken('ann', {claims: {...good, exp: now - 5}})});
  assert.equal(await closed.closed(), 4401);
  assert.deepEqual(
    refusals(gateway.logs).map(({reason}) => reason),
    ['exp'],
  );
  const session = await gateway.session({token: signToken('ann', {claims: good})});
  session.send({type: 'session.refresh', token: signToken('ann', {claims: {...good, aud: 'other'}})});
  await until(() => refusals(gateway.logs).some(({reason}) => reason === 'aud'), {
    what: 'the refusal in the log',
  });
});

test('[A2] without AUTH_* the log says that only the access key is accepted', async () => {
  await using gateway = await startGateway();
  assert.equal(await ask(gateway, signToken('ann')), 401);
  assert.match(refusals(gateway.logs)[0]?.detail ?? '', /not the access key.+AUTH_JWT_SECRET/);
});

test('[A2] AUTH_CLOCK_TOLERANCE_S applies to iat and nbf, but not to exp', async () => {
  await using gateway = await startGateway({
    env: {AUTH_JWT_SECRET: JWT_SECRET, AUTH_CLOCK_TOLERANCE_S: '600'},
  });
  assert.equal(
    await ask(gateway, signToken('ann', {scope: 'calls:read', claims: {iat: now + 500, nbf: now + 500}})),
    200,
  );
  assert.equal(await ask(gateway, signToken('ann', {claims: {exp: now - 1}})), 401);
  await using strict = await startGateway({env: {AUTH_JWT_SECRET: JWT_SECRET, AUTH_CLOCK_TOLERANCE_S: '0'}});
  assert.equal(await ask(strict, signToken('ann', {claims: {iat: now + 500}})), 401);
  assert.equal(await ask(strict, signToken('ann', {scope: 'calls:read', claims: {iat: now - 1}})), 200);
});

test('[A2] a flood of one reason is logged rarely and counted, and hides no other reason', async () => {
  const clock = new ManualClock();
  const logs: string[] = [];
  const logger = pino(
    {level: 'info', formatters: {level: (level) => ({level})}},
    {write: (line) => void logs.push(line)},
  );
  const authentication = new Authentication({
    accessKey: 'an-access-key-0123456789',
    jwt: {jwtSecret: JWT_SECRET},
    clock,
    logger,
  });
  for (let at = 0; at < 1000; at += 1) assert.equal(await authentication.verify(`junk-${at}`), undefined);
  assert.equal(refusals(logs).length, 10);
  await authentication.verify(signToken('ann', {claims: {exp: 1}}));
  assert.equal(refusals(logs).at(-1)?.reason, 'exp');
  clock.advance(6000);
  await authentication.verify('junk');
  assert.deepEqual([refusals(logs).length, refusals(logs).at(-1)?.unlogged], [12, 990]);
});
