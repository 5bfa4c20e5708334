/**
 * Call messages of a session: every status, every field, and nothing repeated or out of order (W1, W2, W3,
 * J4).
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type ProviderStatus, providerStatuses} from '@hookswitch/protocol';
import {startGateway} from '../../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {everyone, callSid as sidOf, startSessionHost} from './session-host.ts';

/** A second copy of the table, so that the table in the protocol cannot change unnoticed. */
const expected: Readonly<Record<ProviderStatus, {status: string; reason?: string}>> = {
  queued: {status: 'initiating'},
  initiated: {status: 'initiating'},
  ringing: {status: 'ringing'},
  'in-progress': {status: 'in-progress'},
  completed: {status: 'completed'},
  busy: {status: 'failed', reason: 'busy'},
  failed: {status: 'failed', reason: 'failed'},
  'no-answer': {status: 'failed', reason: 'no-answer'},
  canceled: {status: 'failed', reason: 'canceled'},
};

test("[W1] every Twilio status arrives as ours, with Twilio's own status and the reason", async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  for (const [index, CallStatus] of providerStatuses.entries()) {
    const CallSid = someCallSid(index);
    const fields = statusFields(gateway, {CallSid, CallStatus, SequenceNumber: '3'});
    assert.equal((await postWebhook(gateway, fields)).status, 204);
    const message = await client.receive('call.status', ({callSid}) => callSid === CallSid);
    const {status, reason, providerStatus} = message;
    assert.deepEqual(
      {providerStatus, status, reason},
      {reason: undefined, providerStatus: CallStatus, ...expected[CallStatus]},
    );
  }
});

test('[W1] every field has its wire format, and is absent rather than null', async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  const [CallSid, ParentCallSid] = [someCallSid(1), someCallSid(2)];
  const fields = statusFields(gateway, {
    CallSid,
    ParentCallSid,
    CallStatus: 'completed',
    CallDuration: '42',
    Direction: 'outbound-dial',
    From: '+15005550006',
    To: '+15550100009',
    AnsweredBy: 'human',
    SequenceNumber: '3',
    Timestamp: 'Mon, 05 Jan 2026 10:20:30 +0000',
  });
  await postWebhook(gateway, fields);
  const {offset} = await client.receive('call.status');
  assert.deepEqual(JSON.parse(client.raw.at(-1) ?? ''), {
    type: 'call.status',
    callSid: CallSid,
    status: 'completed',
    duration: 42,
    offset,
    providerStatus: 'completed',
    direction: 'outbound-dial',
    from: '+15005550006',
    to: '+15550100009',
    parentCallSid: ParentCallSid,
    answeredBy: 'human',
    timestamp: '2026-01-05T10:20:30.000Z',
    source: 'callback',
  });
  assert.match(client.raw.at(-1) ?? '', /^\{"type":"call\.status",/);
});

test('[W1] [J4] late and duplicate events are stored and never pushed', async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  const CallSid = someCallSid(1);
  const postStatus = async (CallStatus: string, SequenceNumber: string) => {
    const response = await postWebhook(gateway, statusFields(gateway, {CallSid, CallStatus, SequenceNumber}));
    assert.equal(response.status, 204);
  };
  await postStatus('in-progress', '2');
  await postStatus('ringing', '1');
  await postStatus('in-progress', '2');
  await postStatus('initiated', '0');
  await postStatus('completed', '3');
  await postStatus('canceled', '4');
  // An event of one more call follows, so that all messages of the others have arrived before it.
  const last = someCallSid(2);
  await postWebhook(gateway, statusFields(gateway, {CallSid: last, CallStatus: 'ringing'}));
  await client.receive('call.status', ({callSid}) => callSid === last);
  assert.deepEqual(
    client.of('call.status').map(({providerStatus}) => providerStatus),
    ['in-progress', 'completed', 'ringing'],
  );
  const {body} = await gateway.api(`/api/calls/${CallSid}`);
  assert.deepEqual(
    body.events.map(({verdict}: {verdict: string}) => verdict),
    ['applied', 'late', 'late', 'applied', 'late'],
  );
});

test('[W12] offsets rise strictly within a session, and are the same for every session', async () => {
  await using gateway = await startGateway();
  const clients = await Promise.all([gateway.session(), gateway.session(), gateway.session()]);
  await Promise.all(Array.from({length: 30}, (_, index) => gateway.place({to: `+155501005${index % 10}1`})));
  const [first] = clients;
  await first?.receive('call.status', () => first.of('call.status').length >= 60, 30_000);
  const head = first?.of('call.status').at(-1)?.offset ?? 0;
  for (const client of clients) {
    await client.receive('call.status', ({offset}) => offset >= head);
    const offsets = client.of('call.status').map(({offset}) => offset);
    assert.ok(offsets.every((offset, index) => index === 0 || offset > (offsets[index - 1] ?? 0)));
    const upTo = (list: readonly number[]) => list.filter((offset) => offset <= head);
    assert.deepEqual(upTo(offsets), upTo(first?.of('call.status').map(({offset}) => offset) ?? []));
  }
});

test('[W2] session.ready states the user and the position', async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  const ready = await client.ready();
  assert.equal(client.messages[0], ready);
  assert.match(ready.sessionId, /^[0-9a-f-]{36}$/);
  assert.deepEqual(
    {...ready, sessionId: '', epoch: '', timestamp: ''},
    {
      type: 'session.ready',
      sessionId: '',
      epoch: '',
      offset: 0,
      recovered: false,
      heartbeatMs: 25_000,
      user: 'operator',
      scopes: ['calls:read', 'calls:read:all', 'calls:control', 'calls:control:all', 'sessions:read'],
      timestamp: '',
    },
  );
});

test('[W3] the snapshot holds the active calls that this session may see, and no others', async () => {
  const principals = {
    all: everyone,
    ann: {user: 'ann', scopes: new Set(['calls:read'] as const)},
    bob: {user: 'bob', scopes: new Set(['calls:read'] as const)},
    blind: {user: 'ann', scopes: new Set(['calls:control'] as const)},
  };
  await using host = await startSessionHost({principals});
  const reference = 'Zk3vQ9-abcdefgh_012345';
  const intent = {reference, user: 'ann', requestHash: 'h', from: '+15005550006', to: '+1', createdAt: 1};
  await host.journal.openIntent(intent, 0);
  await host.append(1, 'ringing', {reference});
  await host.append(2, 'ringing');
  await host.append(3, 'completed');
  await host.caughtUp();
  const seenBy = async (token: string) => {
    const client = await host.session({token});
    const {calls, offset} = await client.receive('call.snapshot');
    assert.equal(offset, host.journal.head());
    return calls.map(({callSid}) => callSid);
  };
  assert.deepEqual(await seenBy('all'), [sidOf(1), sidOf(2)]);
  assert.deepEqual(await seenBy('ann'), [sidOf(1)]);
  assert.deepEqual(await seenBy('bob'), []);
  assert.deepEqual(await seenBy('blind'), []);
});

test('[W1] a session is pushed only the calls it may see', async () => {
  const principals = {
    all: everyone,
    ann: {user: 'ann', scopes: new Set(['calls:read'] as const)},
    bob: {user: 'bob', scopes: new Set(['calls:read'] as const)},
  };
  await using host = await startSessionHost({principals});
  const [all, ann, bob] = await Promise.all(['all', 'ann', 'bob'].map((token) => host.session({token})));
  for (const [call, user] of ['ann', 'bob', 'ann'].entries()) {
    const reference = `reference-of-call-no-${call}`;
    const intent = {reference, user, requestHash: 'h', from: '+15005550006', to: '+1', createdAt: 1};
    await host.journal.openIntent(intent, 0);
    await host.append(call, 'initiated', {reference});
    await host.append(call, 'ringing');
  }
  await Promise.all([
    all?.receive('call.status', ({offset}) => offset === 6),
    ann?.receive('call.status', ({offset}) => offset === 6),
    bob?.receive('call.status', ({offset}) => offset === 4),
  ]);
  assert.deepEqual(
    all?.of('call.status').map(({offset}) => offset),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(
    ann?.of('call.status').map(({offset}) => offset),
    [1, 2, 5, 6],
  );
  assert.deepEqual(
    bob?.of('call.status').map(({offset}) => offset),
    [3, 4],
  );
});
