/** A session ends with its token, regardless of clock changes and refresh attempts (A4, W10, W11). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {SimulatorOptions} from '@hookswitch/simulator';
import {JWT_SECRET, signToken, type TokenOptions} from '../support/auth/tokens.ts';
import {startGateway, type TestGateway} from '../support/gateway/gateway.ts';
import type {Json} from '../support/json.ts';
import {ManualClock} from '../support/manual-clock.ts';
import {until} from '../support/until.ts';

/** No heartbeat and no silence interferes, so that only the token ends the session. */
const env = {AUTH_JWT_SECRET: JWT_SECRET, SESSION_TIMEOUT_MS: '3600000'};

async function setUp(simulator?: SimulatorOptions): Promise<{clock: ManualClock; gateway: TestGateway}> {
  const clock = new ManualClock();
  return {clock, gateway: await startGateway({env, clock, simulator})};
}

function tokenAt(clock: ManualClock, sub: string, options: TokenOptions = {}): string {
  return signToken(sub, {scope: 'calls:read calls:control', now: clock.now(), lifetimeS: 120, ...options});
}

const jumps = [
  ['stands still', 0],
  ['is put back by a day', -86_400_000],
  ['is put back by half a minute', -30_000],
] as const;

for (const [what, ms] of jumps)
  test(`[A4] session.expiring is sent 60 s ahead, and 4401 within exp + 10 s, while the wall clock ${what}`, async () => {
    const {clock, gateway} = await setUp();
    await using _ = gateway;
    const session = await gateway.session({token: tokenAt(clock, 'ann')});
    clock.jumpWall(ms);
    clock.advance(58_000);
    assert.equal(session.of('session.expiring').length, 0);
    clock.advance(3000);
    const {expiresAt, timestamp} = await session.receive('session.expiring');
    const leftMs = Date.parse(expiresAt) - Date.parse(timestamp);
    assert.ok(leftMs > 57_000 && leftMs <= 60_000, `${leftMs} ms left`);
    clock.advance(57_000);
    assert.equal(session.closeCode, undefined);
    clock.advance(4000);
    assert.equal(await session.closed(), 4401);
  });

test('[A4] a wall clock put forward ends tokens that have expired by it', async () => {
  const {clock, gateway} = await setUp();
  await using _ = gateway;
  const session = await gateway.session({token: tokenAt(clock, 'ann')});
  clock.jumpWall(121_000);
  clock.advance(1000);
  assert.equal(await session.closed(), 4401);
});

test('[A4] a clock that is put back admits no session with an expired token, and is logged once', async () => {
  const {clock, gateway} = await setUp();
  await using _ = gateway;
  const token = tokenAt(clock, 'ann');
  clock.advance(119_000);
  await (await gateway.session({token})).ready();
  clock.advance(2000);
  for (const back of [3000, 3_600_000, 86_400_000]) {
    clock.jumpWall(-back);
    assert.equal(await gateway.connect({token}).closed(), 4401, `${back} ms`);
    const answer = await gateway.api('/api/calls', {headers: {authorization: `Bearer ${token}`}});
    assert.equal(answer.status, 401);
  }
  const lasting = tokenAt(clock, 'ann', {lifetimeS: 2 * 86_400});
  await (await gateway.session({token: lasting})).ready();
  assert.equal(gateway.logs.filter((line) => line.includes('the clock was set back')).length, 1);
});

test('[A4] [W10] a refresh continues the session; an invalid token closes with 4401, another user’s with 4403', async () => {
  const {clock, gateway} = await setUp();
  await using _ = gateway;
  const session = await gateway.session({token: tokenAt(clock, 'ann')});
  clock.advance(100_000);
  // With other scopes, because a later request can be answered before the refresh is verified.
  session.send({type: 'session.refresh', token: tokenAt(clock, 'ann', {scope: 'calls:read:all'})});
  await until(() => session.of('call.snapshot').length === 2, {what: 'the refresh'});
  clock.advance(119_000);
  assert.equal(session.closeCode, undefined);
  clock.advance(3000);
  assert.equal(await session.closed(), 4401);
  assert.equal(session.of('session.expiring').length, 2);

  const refreshedWith = async (token: string) => {
    const other = await gateway.session({token: tokenAt(clock, 'ann')});
    other.send({type: 'session.refresh', token});
    return other.closed();
  };
  assert.equal(await refreshedWith('nonsense'), 4401);
  assert.equal(await refreshedWith(tokenAt(clock, 'ann', {lifetimeS: 0})), 4401);
  assert.equal(await refreshedWith(tokenAt(clock, 'bob')), 4403);
});

test('[A4] [W11] a resume verifies its token again: an expired one is refused, and a new one limits visibility', async () => {
  const {clock, gateway} = await setUp();
  await using _ = gateway;
  const token = tokenAt(clock, 'ann');
  const session = await gateway.session({token});
  await session.receive('call.snapshot');
  const resume = session.position();
  session.terminate();
  assert.equal((await (await gateway.session({token, resume})).ready()).recovered, true);
  clock.advance(120_000);
  const late = gateway.connect({token, resume});
  assert.equal(await late.closed(), 4401);
  assert.deepEqual(late.messages, []);
  const callSid = await gateway.place({to: '+15550100001'});
  const owner = await gateway.session({resume});
  await owner.receive('call.status', (message) => message.callSid === callSid);
  const ann = await gateway.session({token: tokenAt(clock, 'ann'), resume});
  assert.equal((await ann.ready()).recovered, true);
  ann.send({type: 'call.subscribe', calls: 'all', requestId: 'after'});
  await ann.receive('call.snapshot', ({requestId}) => requestId === 'after');
  assert.deepEqual(ann.of('call.status'), []);
});

test('[W10] a refresh widens and narrows visibility from then on, starting with a snapshot', async () => {
  // Slow enough that the call is still in progress when the test looks.
  const {clock, gateway} = await setUp({speed: 1});
  await using _ = gateway;
  const callSid = await gateway.place({to: '+15550100001'});
  const session = await gateway.session({token: tokenAt(clock, 'ann')});
  await session.receive('call.snapshot', ({calls}) => calls.length === 0);
  session.send({
    type: 'session.refresh',
    token: tokenAt(clock, 'ann', {scope: 'calls:read:all'}),
  });
  await until(() => session.of('call.snapshot').length === 2, {what: 'a snapshot of the visible calls'});
  const [, wide] = session.of('call.snapshot');
  assert.deepEqual(
    wide?.calls.map((call) => call.callSid),
    [callSid],
  );
  session.send({type: 'session.refresh', token: tokenAt(clock, 'ann', {scope: ''})});
  await until(() => session.of('call.snapshot').length === 3, {what: 'a snapshot without the call'});
  const receivedBefore = session.of('call.status').length;
  const other = await gateway.place({to: '+15550100001'});
  const operator = await gateway.session({resume: {...session.position(), offset: 0}});
  await operator.receive('call.status', (message) => message.callSid === other);
  session.send({type: 'call.subscribe', calls: 'all', requestId: 'after'});
  await session.receive('call.snapshot', ({requestId}) => requestId === 'after');
  assert.equal(session.of('call.status').length, receivedBefore);
});

test('[W10] of two refreshes the last one sent counts, even if it is verified first', async () => {
  const slow = Promise.withResolvers<void>();
  const asked: string[] = [];
  await using gateway = await startGateway({
    authenticator: {
      verify: async (token) => {
        asked.push(token);
        if (token === 'slow') await slow.promise;
        return {user: 'ann', scopes: new Set(token === 'slow' ? ['calls:read:all'] : ['calls:read'])};
      },
    },
  });
  const session = await gateway.session({token: 'first'});
  const {sessionId} = await session.ready();
  session.send({type: 'session.refresh', token: 'slow'});
  session.send({type: 'session.refresh', token: 'fast'});
  await until(() => asked.includes('fast'), {what: 'both tokens to be verified'});
  slow.resolve();
  session.send({type: 'call.subscribe', calls: [], requestId: 'after'});
  await session.receive('call.snapshot', ({requestId}) => requestId === 'after');
  const {body} = await gateway.api('/api/sessions');
  const found = body.sessions.find((each: Json) => each.sessionId === sessionId);
  assert.deepEqual(found.scopes, ['calls:read']);
});
