/** JWTs of the user's own backend (A2): which tokens are accepted, and what a session may do with them. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type Scope, scopes} from '@hookswitch/protocol';
import {JWT_SECRET, signToken} from '../support/auth/tokens.ts';
import {ACCESS_KEY, startGateway} from '../support/gateway/gateway.ts';
import {rawRequest} from '../support/http/http-request.ts';

const env = {AUTH_JWT_SECRET: JWT_SECRET};

function bearer(token: string) {
  return {headers: {authorization: `Bearer ${token}`}};
}

test('[A2] sub is the user and scope the permissions, over HTTP and WebSocket, and the access key stays valid', async () => {
  await using gateway = await startGateway({env});
  const ann = signToken('ann', {scope: 'calls:read calls:control something:else'});
  const placed = await gateway.api('/api/calls', {body: {to: '+15550100001'}, ...bearer(ann)});
  assert.equal(placed.status, 201);
  const {callSid} = placed.body;
  assert.equal((await gateway.api(`/api/calls/${callSid}`, bearer(ann))).status, 200);
  assert.equal((await gateway.api('/api/sessions', bearer(ann))).status, 403);
  const bob = bearer(signToken('bob', {scope: 'calls:read calls:control'}));
  assert.equal((await gateway.api(`/api/calls/${callSid}`, bob)).status, 404);
  const watcher = bearer(signToken('eve', {scope: 'sessions:read'}));
  assert.equal((await gateway.api('/api/sessions', watcher)).status, 200);
  assert.equal((await gateway.api('/api/calls', watcher)).status, 403);
  assert.equal((await gateway.api(`/api/calls/${callSid}`)).status, 200);
  const session = await gateway.session({token: ann});
  const ready = await session.ready();
  assert.deepEqual([ready.user, ready.scopes], ['ann', ['calls:read', 'calls:control']]);
  assert.equal((await (await gateway.session({token: ACCESS_KEY})).ready()).user, 'operator');
});

test('[A2] without AUTH_JWT_SECRET or AUTH_JWKS_URL no JWT is accepted', async () => {
  await using gateway = await startGateway();
  assert.equal((await gateway.api('/api/calls', bearer(signToken('ann')))).status, 401);
  assert.equal(await gateway.connect({token: signToken('ann')}).closed(), 4401);
});

test('[A2] only the access key makes a caller the access key’s user', async () => {
  await using gateway = await startGateway({env});
  const callSid = await gateway.place({to: '+15550100001'});
  const token = signToken('operator', {scope: 'calls:read calls:control'});
  const answer = await rawRequest(gateway.url, {path: `/api/calls/${callSid}`, ...bearer(token)});
  assert.equal(answer.status, 401);
  const session = await gateway.session();
  session.send({type: 'session.refresh', token});
  assert.equal(await session.closed(), 4401);
  for (const sub of ['Operator', 'operator.', 'opеrator'])
    assert.equal(
      (await gateway.api(`/api/calls/${callSid}`, bearer(signToken(sub, {scope: 'calls:read'})))).status,
      404,
      sub,
    );
});

test('[A2] scope is split at spaces, and unknown scopes grant nothing', async () => {
  await using gateway = await startGateway({env});
  const granted = async (scope: string) =>
    (await (await gateway.session({token: signToken('ann', {scope})})).ready()).scopes;
  assert.deepEqual(await granted(''), []);
  assert.deepEqual(await granted('  calls:read  '), ['calls:read']);
  assert.deepEqual(await granted('calls:read calls:read'), ['calls:read']);
  for (const nothing of [
    'calls:read\tcalls:control',
    'calls:read,calls:control',
    'CALLS:READ',
    'calls:*',
    'calls',
    '*',
    '__proto__',
    'calls:read:all:x',
  ])
    assert.deepEqual(await granted(nothing), [], nothing);
  const without = signToken('ann', {claims: {scope: undefined}});
  assert.deepEqual((await (await gateway.session({token: without})).ready()).scopes, []);
});

test('[A2] iss and aud are checked if they are configured', async () => {
  await using gateway = await startGateway({
    env: {...env, AUTH_ISSUER: 'https://auth.example.com/', AUTH_AUDIENCE: 'hookswitch'},
  });
  const status = async (claims: Record<string, unknown>) =>
    (await gateway.api('/api/calls', bearer(signToken('ann', {scope: 'calls:read', claims})))).status;
  const iss = 'https://auth.example.com/';
  assert.equal(await status({iss, aud: 'hookswitch'}), 200);
  assert.equal(await status({iss, aud: ['other', 'hookswitch']}), 200);
  const wrong = [
    {},
    {iss},
    {aud: 'hookswitch'},
    {iss: 'https://auth.example.com', aud: 'hookswitch'},
    {iss: [iss], aud: 'hookswitch'},
    {iss, aud: 'Hookswitch'},
    {iss, aud: []},
    {iss, aud: ['other']},
    {iss, aud: ['hookswitch', 1]},
    {iss, aud: {hookswitch: true}},
  ];
  for (const claims of wrong) assert.equal(await status(claims), 401, JSON.stringify(claims));
});

/** Paths with the scopes that open each one. Several scopes mean that any single one is not enough. */
const paths: readonly (readonly [string, readonly Scope[] | 'any'])[] = [
  ['/api/calls', ['calls:read', 'calls:read:all']],
  ['/api/calls/statistics', ['calls:read', 'calls:read:all']],
  ['/api/calls/unconfirmed', ['calls:read', 'calls:read:all']],
  ['/api/sessions', ['sessions:read']],
  ['/api/webhooks', []],
  ['/api/health', ['sessions:read']],
  ['/api/info', 'any'],
];

test('[A2] [H4] one scope opens its own routes, and nothing else', async () => {
  await using gateway = await startGateway({env});
  for (const scope of [...scopes, 'unknown', '']) {
    const who = bearer(signToken('ann', {scope}));
    for (const [path, opens] of paths) {
      const isOpen = opens === 'any' || opens.some((each) => each === scope);
      assert.equal((await gateway.api(path, who)).status, isOpen ? 200 : 403, `${path} with ${scope}`);
    }
    const placed = await gateway.api('/api/calls', {body: {to: '+15550100001'}, ...who});
    assert.equal(placed.status, scope.startsWith('calls:control') ? 201 : 403, `placing with ${scope}`);
  }
});
