/** A session's requests, and their responses and refusals (W4, W5, W7, W8). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startGateway} from '../../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {everyone, callSid as sidOf, startSessionHost} from './session-host.ts';

const {type, ...action} = {type: 'call.action', action: 'disconnect'} as const;
const disconnect = (callSid: string, requestId: string) => ({type, ...action, callSid, requestId});

test('[W5] invalid_message names the field, echoes the request id, and shows no stack', async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  const wrong: readonly (readonly [object, string])[] = [
    [{}, 'type'],
    [{type: 'call.dance'}, 'type'],
    [{type: 'call.action', action: 'disconnect'}, 'callSid'],
    [{type: 'call.action', action: 'disconnect', callSid: ''}, 'callSid'],
    [{type: 'call.action', action: 'disconnect', callSid: 'x'.repeat(65)}, 'callSid'],
    [{type: 'call.action', action: 'disconnect', callSid: 7}, 'callSid'],
    [{type: 'call.action', action: 'hold', callSid: someCallSid(1)}, 'action'],
    [{type: 'call.action', action: 'disconnect', callSid: someCallSid(1), force: true}, 'force'],
    [{type: 'session.refresh'}, 'token'],
    [{type: 'session.refresh', token: ''}, 'token'],
    [{type: 'call.subscribe'}, 'calls'],
    [{type: 'call.subscribe', calls: 'some'}, 'calls'],
    [{type: 'call.subscribe', calls: ['nonsense']}, 'calls'],
    [{type: 'session.heartbeat', at: 1}, 'at'],
  ];
  for (const [index, [message, field]] of wrong.entries()) {
    const requestId = `r${index}`;
    client.send({...message, requestId});
    const error = await client.receive('error', (answer) => answer.requestId === requestId);
    assert.equal(error.code, 'invalid_message');
    assert.equal(String(error.context['field']).split('.')[0], field);
    assert.ok(error.message.startsWith(field), error.message);
  }
  for (const raw of client.raw) assert.doesNotMatch(raw, /stack|node:|\.ts:|\n {4}at /);
});

test('[W5] an invalid requestId is refused and not echoed', async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  for (const requestId of ['x'.repeat(65), 7, null, {}]) client.send({type: 'session.heartbeat', requestId});
  client.send({type: 'call.subscribe', calls: [], requestId: 'x'.repeat(64)});
  await client.receive('call.snapshot', ({requestId}) => requestId === 'x'.repeat(64));
  assert.equal(client.of('error').length, 4);
  for (const error of client.of('error')) {
    assert.equal(error.requestId, undefined);
    assert.equal(error.context['field'], 'requestId');
  }
});

test("[W5] an error repeats little of the client's input", async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  client.send({type: 'session.heartbeat', ['x'.repeat(16_000)]: 1});
  await client.receive('error');
  assert.ok((client.raw.at(-1)?.length ?? 0) < 1000);
});

test('[W5] [W7] call_not_found and call_ended name the call', async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  client.send(disconnect(someCallSid(1), 'unknown'));
  const unknown = await client.receive('error', ({requestId}) => requestId === 'unknown');
  assert.equal(unknown.code, 'call_not_found');
  assert.equal(unknown.context['callSid'], someCallSid(1));
  const fields = statusFields(gateway, {CallSid: someCallSid(2), CallStatus: 'completed'});
  await postWebhook(gateway, fields);
  await client.receive('call.status');
  client.send(disconnect(someCallSid(2), 'ended'));
  const ended = await client.receive('error', ({requestId}) => requestId === 'ended');
  assert.equal(ended.code, 'call_ended');
  assert.equal(ended.context['callSid'], someCallSid(2));
});

test('[W5] [W7] an invalid sid is call_not_found, as over HTTP', async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  for (const [index, callSid] of ['CA1', 'x', 'x'.repeat(64), '../..', "' OR 1=1 --", '\0'].entries()) {
    client.send(disconnect(callSid, `r${index}`));
    const error = await client.receive('error', ({requestId}) => requestId === `r${index}`);
    assert.deepEqual([error.code, error.context['callSid']], ['call_not_found', callSid]);
  }
  const answer = await gateway.api('/api/calls/CA1/actions', {body: {action: 'disconnect'}});
  assert.deepEqual([answer.status, answer.body.code], [404, 'call_not_found']);
});

test('[W4] [W7] a command that Twilio accepts is confirmed, and its effect arrives as call.status', async () => {
  await using gateway = await startGateway({simulator: {speed: 20}});
  const client = await gateway.session();
  const callSid = await gateway.place({
    to: '+15550100001',
    twiml: '<Response><Pause length="600"/></Response>',
  });
  client.send({type: 'call.action', action: 'disconnect', callSid});
  const accepted = await client.receive('call.action.accepted');
  assert.deepEqual(
    {...accepted, timestamp: ''},
    {type: 'call.action.accepted', action: 'disconnect', callSid, timestamp: ''},
  );
  const ended = await client.receive(
    'call.status',
    ({status}) => status === 'completed' || status === 'failed',
  );
  assert.equal(ended.callSid, callSid);
});

test("[W5] provider_error has Twilio's message; a foreign call is unknown, and an own call can be forbidden", async () => {
  const principals = {
    all: everyone,
    reader: {user: 'ann', scopes: new Set(['calls:read:all'] as const)},
    bob: {user: 'bob', scopes: new Set(['calls:read', 'calls:control'] as const)},
  };
  // Its Twilio is a port without a listener.
  await using host = await startSessionHost({principals});
  await host.append(1, 'in-progress');
  await host.caughtUp();
  const codeFor = async (token: string) => {
    const client = await host.session({token});
    client.send(disconnect(sidOf(1), token));
    const error = await client.receive('error', ({requestId}) => requestId === token, 30_000);
    return error.code;
  };
  assert.equal(await codeFor('reader'), 'forbidden');
  assert.equal(await codeFor('bob'), 'call_not_found');
  assert.equal(await codeFor('all'), 'provider_error');
});

test('[W5] an unexpected error is `internal`: logged, answered, and without its reason', async () => {
  await using host = await startSessionHost({
    wrapJournal: (journal) =>
      Object.assign(journal, {findCall: () => Promise.reject(new Error('the secret reason'))}),
  });
  const client = await host.session();
  client.send(disconnect(sidOf(1), 'r'));
  const error = await client.receive('error');
  assert.equal(error.code, 'internal');
  assert.equal(error.requestId, 'r');
  assert.doesNotMatch(client.raw.join(''), /secret reason/);
  const logged = host.logs.find((line) => line.includes('secret reason')) ?? '{}';
  assert.ok(typeof error.context['requestId'] === 'string');
  assert.equal(JSON.parse(logged).requestId, error.context['requestId']);
});

test('[W8] a subscription replaces the previous one, and is answered with a snapshot', async () => {
  await using host = await startSessionHost();
  const client = await host.session();
  for (const call of [1, 2, 3]) await host.append(call, 'initiated');
  await client.receive('call.status', ({offset}) => offset === 3);
  const subscribe = async (calls: 'all' | readonly string[], requestId: string) => {
    client.send({type: 'call.subscribe', calls, requestId});
    const snapshot = await client.receive('call.snapshot', (answer) => answer.requestId === requestId);
    assert.equal(snapshot.offset, host.feed.head);
    return snapshot.calls.map(({callSid}) => callSid);
  };
  const [one, two, three] = [1, 2, 3].map(sidOf);
  assert.deepEqual(await subscribe([two ?? ''], 'list'), [two]);
  for (const call of [1, 2, 3]) await host.append(call, 'ringing');
  assert.deepEqual(await subscribe([], 'nothing'), []);
  for (const call of [1, 2, 3]) await host.append(call, 'in-progress');
  assert.deepEqual(await subscribe('all', 'all'), [one, two, three]);
  for (const call of [1, 2, 3]) await host.append(call, 'completed');
  await client.receive('call.status', ({offset}) => offset === 12);
  assert.deepEqual(
    client.of('call.status').map(({offset}) => offset),
    [1, 2, 3, 5, 10, 11, 12],
  );
});

test('[W8] a call that does not exist yet can be subscribed to', async () => {
  await using host = await startSessionHost();
  const client = await host.session();
  client.send({type: 'call.subscribe', calls: [sidOf(2)], requestId: 's'});
  await client.receive('call.snapshot', ({requestId}) => requestId === 's');
  await host.append(1, 'ringing');
  await host.append(2, 'ringing');
  assert.equal((await client.receive('call.status')).callSid, sidOf(2));
});

test('[W8] 100 sids are accepted, and 101 are refused without any change', async () => {
  await using host = await startSessionHost();
  const client = await host.session();
  const sids = (count: number) => Array.from({length: count}, (_, index) => sidOf(index));
  client.send({type: 'call.subscribe', calls: sids(100), requestId: 'hundred'});
  await client.receive('call.snapshot', ({requestId}) => requestId === 'hundred');
  client.send({type: 'call.subscribe', calls: sids(101), requestId: 'more'});
  const error = await client.receive('error', ({requestId}) => requestId === 'more');
  assert.equal(error.code, 'invalid_message');
  assert.equal(error.context['field'], 'calls');
  const sessionId = (await client.ready()).sessionId;
  assert.equal(host.describe(sessionId)?.subscription.length, 100);
});
