/** The client against the real gateway. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../../test/support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../../test/support/twilio/signed-webhook.ts';
import {until} from '../../../test/support/until.ts';
import {type ClientOptions, type ClientSettings, createClient, HookswitchError} from '../src/index.ts';
import {restartOnNewJournal} from './support/new-journal.ts';
import {TcpProxy} from './support/tcp-proxy.ts';
import {messages, phase, states} from './support/watch.ts';

/** A call that is answered at once and continues until somebody ends it. */
const LONG_CALL = {to: '+15550100001', twiml: '<Response><Pause length="600"/></Response>'};

function connect(
  url: string,
  {
    token = ACCESS_KEY,
    getToken,
    ...options
  }: Partial<ClientSettings> & Pick<ClientOptions, 'token' | 'getToken'> = {},
) {
  const credentials = getToken === undefined ? {token} : {getToken};
  return createClient({url, ...credentials, random: () => 0.01, ...options});
}

/** A webhook about a call that this client did not place. */
async function report(gateway: TestGateway, number: number, status: string, sequence: number) {
  const CallSid = someCallSid(number);
  const fields = statusFields(gateway, {CallSid, CallStatus: status, SequenceNumber: String(sequence)});
  assert.equal((await postWebhook(gateway, fields)).status, 204);
  return CallSid;
}

test('nothing happens before first use, and the first subscriber connects', async () => {
  await using gateway = await startGateway();
  await using client = connect(gateway.url);
  client.calls.getSnapshot();
  assert.deepEqual(client.connection.getSnapshot(), {
    phase: 'stopped',
    why: 'not-started',
    code: undefined,
    whatToDo: 'Subscribe, or call connect().',
  });
  client.calls.subscribe(() => {});
  const live = await phase(client, 'live');
  assert.equal(live.recovered, false);
  assert.equal(live.user, 'operator');
  assert.ok(live.scopes.includes('calls:read:all'));
});

test('a call from start to end: list, timeline, duration, outcome', async () => {
  await using gateway = await startGateway();
  await using client = connect(gateway.url, {connect: 'now'});
  await phase(client, 'live');
  const placed = await client.place({...LONG_CALL, metadata: {order: 7}});
  const store = client.call(placed.callSid);
  assert.equal(store, client.call(placed.callSid));
  const talking = await until(() => {
    const call = store.getSnapshot();
    return call?.status === 'in-progress' && call;
  });
  assert.deepEqual(client.calls.getSnapshot(), [talking]);
  assert.deepEqual(talking.metadata, {order: 7});
  assert.equal(talking.user, 'operator');
  assert.ok(talking.answeredAt !== undefined);
  const ended = await client.disconnect(placed.callSid);
  assert.equal(ended.status, 'completed');
  assert.equal(ended.ended, true);
  assert.equal(store.getSnapshot(), ended);
  assert.deepEqual(client.calls.getSnapshot(), []);
  assert.deepEqual(
    ended.timeline.map(({status}) => status).filter((status, at, all) => status !== all[at - 1]),
    ['initiating', 'ringing', 'in-progress', 'completed'],
  );
  const {body} = await gateway.api(`/api/calls/${placed.callSid}`);
  const {callSid, offset, duration} = ended;
  assert.deepEqual(
    {callSid, offset, duration},
    {callSid: body.callSid, offset: body.offset, duration: body.duration},
  );
});

test('an unchanged call keeps its object', async () => {
  await using gateway = await startGateway();
  await using proxy = await TcpProxy.to(() => gateway.environment.port);
  const first = await report(gateway, 1, 'in-progress', 2);
  await using client = connect(proxy.url, {connect: 'now'});
  await phase(client, 'live');
  const before = client.calls.getSnapshot();
  const second = await report(gateway, 2, 'ringing', 1);
  await until(() => client.calls.getSnapshot().length === 2);
  const after = client.calls.getSnapshot();
  assert.deepEqual(
    after.map(({callSid}) => callSid),
    [second, first],
  );
  assert.equal(after[1], before[0]);
  proxy.cut();
  await phase(client, 'live', ({recovered}) => recovered);
  assert.equal(client.calls.getSnapshot(), after);
});

test('[W11] after a lost connection, missed messages arrive once and in order', async () => {
  await using gateway = await startGateway();
  await using proxy = await TcpProxy.to(() => gateway.environment.port);
  await using client = connect(proxy.url, {connect: 'now'});
  const told = messages(client);
  await phase(client, 'live');
  await report(gateway, 1, 'ringing', 1);
  await until(() => told.length === 1);
  proxy.refusing = true;
  proxy.cut();
  await phase(client, 'waiting');
  await report(gateway, 1, 'in-progress', 2);
  await report(gateway, 2, 'ringing', 1);
  proxy.refusing = false;
  const live = await phase(client, 'live');
  assert.equal(live.recovered, true);
  await report(gateway, 2, 'busy', 2);
  await until(() => told.length === 4);
  assert.deepEqual(
    told.map(({providerStatus}) => providerStatus),
    ['ringing', 'in-progress', 'ringing', 'busy'],
  );
});

test('[W11] after a gateway restart (1001), nothing is missed', async () => {
  await using gateway = await startGateway();
  await using client = connect(gateway.url, {connect: 'now'});
  const seen = states(client);
  const told = messages(client);
  await phase(client, 'live');
  await report(gateway, 1, 'ringing', 1);
  await until(() => told.length === 1);
  await gateway.restart();
  await report(gateway, 1, 'in-progress', 2);
  await until(() => told.length === 2);
  await phase(client, 'live', ({recovered}) => recovered);
  assert.ok(
    seen.some((state) => state.phase === 'waiting' && state.why === 'going-away' && state.code === 1001),
  );
});

test('[W11] another journal: the snapshot replaces everything, missing calls have ended, iterations get an error', async () => {
  await using gateway = await startGateway();
  await using client = connect(gateway.url, {connect: 'now'});
  await phase(client, 'live');
  const callSid = await report(gateway, 1, 'in-progress', 2);
  await until(() => client.calls.getSnapshot().length === 1);
  const iteration = client.events()[Symbol.asyncIterator]();
  const next = assert.rejects(iteration.next(), {code: 'events_reset'});
  await restartOnNewJournal(gateway);
  await phase(client, 'live', ({recovered}) => !recovered);
  await next;
  await until(() => client.calls.getSnapshot().length === 0);
  const call = client.call(callSid).getSnapshot();
  assert.equal(call?.ended, true);
  assert.equal(call?.outcomeUnknown, true);
  assert.equal((await client.disconnect(callSid)).outcomeUnknown, true);
});

test('a call that is missing in a snapshot is looked up', async () => {
  await using gateway = await startGateway();
  await using proxy = await TcpProxy.to(() => gateway.environment.port);
  const stored = new Map<string, string>();
  const sessionStorage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  const callSid = await report(gateway, 1, 'in-progress', 2);
  const page = connect(proxy.url, {connect: 'now', storage: 'session', sessionStorage});
  await phase(page, 'live');
  await page.dispose();
  await report(gateway, 1, 'completed', 3);
  // The cursor belongs to no journal, so the gateway sends a snapshot.
  for (const [key, value] of stored) stored.set(key, value.replace(/"epoch":"[^"]+"/, '"epoch":"other"'));
  await using next = connect(proxy.url, {connect: 'now', storage: 'session', sessionStorage});
  await phase(next, 'live', ({recovered}) => !recovered);
  // Stored calls are not shown if the session does not resume. A client that needs them can request them.
  assert.equal((await next.disconnect(callSid)).status, 'completed');
});

test('a reload resumes from sessionStorage and shows the stored calls', async () => {
  await using gateway = await startGateway();
  const stored = new Map<string, string>();
  const sessionStorage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  const first = connect(gateway.url, {connect: 'now', storage: 'session', sessionStorage});
  await phase(first, 'live');
  const callSid = await report(gateway, 1, 'ringing', 1);
  await until(() => first.calls.getSnapshot().length === 1);
  await first.dispose();
  assert.equal(stored.size, 1);
  await report(gateway, 1, 'in-progress', 2);
  await using second = connect(gateway.url, {storage: 'session', sessionStorage});
  const told = messages(second);
  const live = await phase(second, 'live');
  assert.equal(live.recovered, true);
  assert.deepEqual(
    told.map(({providerStatus}) => providerStatus),
    ['in-progress'],
  );
  const [call] = second.calls.getSnapshot();
  assert.equal(call?.callSid, callSid);
  assert.deepEqual(
    call?.timeline.map(({providerStatus}) => providerStatus),
    ['ringing', 'in-progress'],
  );
});

test('[A3] a refused fixed token stops the client, and getToken is called until a token works', async () => {
  await using gateway = await startGateway();
  await using fixed = connect(gateway.url, {token: 'wrong', connect: 'now'});
  const stopped = await phase(fixed, 'stopped', ({why}) => why === 'unauthorized');
  assert.equal(stopped.code, 4401);
  assert.match(stopped.whatToDo, /refused the token/);
  const reasons: string[] = [];
  const getToken = async (reason: string) => {
    reasons.push(reason);
    return reasons.length === 1 ? 'wrong' : ACCESS_KEY;
  };
  await using renewed = connect(gateway.url, {getToken, connect: 'now'});
  await phase(renewed, 'live');
  assert.deepEqual(reasons, ['start', 'unauthorized']);
  const asked: string[] = [];
  let good = false;
  await using refused = connect(gateway.url, {
    connect: 'now',
    getToken: (reason) => {
      asked.push(reason);
      return good ? ACCESS_KEY : 'wrong';
    },
  });
  const waiting = await phase(refused, 'waiting', ({why}) => why === 'unauthorized');
  assert.equal(waiting.code, 4401);
  assert.deepEqual(asked, ['start', 'unauthorized']);
  good = true;
  refused.connect();
  await phase(refused, 'live');
  assert.deepEqual(asked, ['start', 'unauthorized', 'unauthorized']);
});

test('getToken that throws: the client waits, retries and reports the error', async () => {
  await using gateway = await startGateway();
  let tries = 0;
  await using client = connect(gateway.url, {
    getToken: () => {
      tries += 1;
      if (tries === 1) throw new Error('no network');
      return ACCESS_KEY;
    },
  });
  const seen = states(client);
  const errors: HookswitchError[] = [];
  client.on('error', (error) => errors.push(error));
  await phase(client, 'live');
  assert.ok(seen.some((state) => state.phase === 'waiting' && state.why === 'token-failed'));
  assert.deepEqual(
    errors.map(({code}) => code),
    ['token_failed'],
  );
});

test('an invalid fixed token stops the client instead of throwing, with the reason', async () => {
  await using client = connect('http://127.0.0.1:9', {token: 'with space', connect: 'now'});
  const stopped = await phase(client, 'stopped', ({why}) => why === 'cannot-open');
  assert.match(stopped.whatToDo, /token is not a token: it contains U\+0020\./);
  await assert.rejects(client.place({to: '+15550100001'}), {code: 'token_failed', retry: 'never'});
});

test('[W8] only the subscribed calls are shown, also among missed messages', async () => {
  await using gateway = await startGateway();
  await using proxy = await TcpProxy.to(() => gateway.environment.port);
  const wanted = someCallSid(1);
  await using client = connect(proxy.url, {calls: [wanted], connect: 'now'});
  const told = messages(client);
  await report(gateway, 1, 'ringing', 1);
  await report(gateway, 2, 'ringing', 1);
  await phase(client, 'live');
  await until(() => client.calls.getSnapshot().length === 1);
  proxy.cut();
  await phase(client, 'waiting');
  await report(gateway, 2, 'in-progress', 2);
  await report(gateway, 1, 'in-progress', 2);
  await phase(client, 'live', ({recovered}) => recovered);
  await until(() => client.call(wanted).getSnapshot()?.status === 'in-progress');
  assert.ok(told.every(({callSid}) => callSid === wanted));
  assert.deepEqual(
    client.calls.getSnapshot().map(({callSid}) => callSid),
    [wanted],
  );
});

test('disconnect: succeeds for an ended call, fails for an unknown call, and times out', async () => {
  await using gateway = await startGateway();
  await using client = connect(gateway.url, {connect: 'now'});
  const ended = await report(gateway, 1, 'completed', 3);
  assert.equal((await client.disconnect(ended)).status, 'completed');
  await assert.rejects(client.disconnect(someCallSid(9)), (error) => {
    assert.ok(error instanceof HookswitchError);
    assert.deepEqual([error.code, error.status, error.retry], ['call_not_found', 404, 'never']);
    assert.notEqual(error.whatToDo, '');
    return true;
  });
  await using proxy = await TcpProxy.to(() => gateway.environment.port);
  await using cut = connect(proxy.url, {connect: 'now'});
  await phase(cut, 'live');
  const callSid = await gateway.place(LONG_CALL);
  await until(() => cut.call(callSid).getSnapshot()?.status === 'in-progress');
  proxy.refusing = true;
  proxy.cut();
  await assert.rejects(cut.disconnect(callSid, {timeoutMs: 50}), {code: 'timeout'});
  const stop = new AbortController();
  const aborted = assert.rejects(cut.disconnect(callSid, {signal: stop.signal}), {code: 'aborted'});
  stop.abort();
  await aborted;
  // The gateway is back before the timeout: the command succeeds, and the client sees the end.
  const later = cut.disconnect(callSid);
  proxy.refusing = false;
  assert.equal((await later).status, 'completed');
});

test('disconnect: succeeds for an ended call even if the first lookup fails', async () => {
  await using gateway = await startGateway();
  const callSid = await report(gateway, 1, 'completed', 3);
  let failures = 0;
  await using client = connect(gateway.url, {
    fetch: (input, init) => {
      if (init?.method === 'POST' || failures > 0) return fetch(input, init);
      failures += 1;
      return Promise.reject(new TypeError('no network'));
    },
  });
  assert.equal((await client.disconnect(callSid)).status, 'completed');
  assert.equal(failures, 1);
});

test('[H1] place: repeated with the same key until there is a response, and never dialed twice', async () => {
  await using gateway = await startGateway();
  await using proxy = await TcpProxy.to(() => gateway.environment.port);
  let lost = 0;
  await using client = connect(proxy.url, {
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (typeof input === 'string' && input.endsWith('/api/calls') && lost < 2) {
        lost += 1;
        throw new TypeError('the answer was lost');
      }
      return response;
    },
  });
  const call = await client.place(LONG_CALL);
  assert.equal(lost, 2);
  assert.equal(gateway.simulator.calls().length, 1);
  await until(() => client.calls.getSnapshot().length === 1);
  await assert.rejects(client.place({to: 'nonsense'}, {idempotencyKey: 'k-1'}), (error) => {
    assert.ok(error instanceof HookswitchError);
    assert.deepEqual(
      [error.code, error.status, error.context['idempotencyKey']],
      ['invalid_request', 400, 'k-1'],
    );
    return true;
  });
  await client.disconnect(call.callSid);
});

test('events: every future message; a slow reader gets an error; a signal and dispose end the iteration', async () => {
  await using gateway = await startGateway();
  await using client = connect(gateway.url);
  const seen: string[] = [];
  const stop = new AbortController();
  const reading = (async () => {
    for await (const {providerStatus} of client.events({signal: stop.signal})) seen.push(providerStatus);
  })();
  await phase(client, 'live');
  const slow = client.events({buffer: 1})[Symbol.asyncIterator]();
  const other = client.events()[Symbol.asyncIterator]();
  await report(gateway, 1, 'ringing', 1);
  await report(gateway, 1, 'in-progress', 2);
  await until(() => seen.length === 2);
  assert.deepEqual(seen, ['ringing', 'in-progress']);
  assert.equal((await slow.next()).value?.providerStatus, 'ringing');
  await assert.rejects(slow.next(), (error) => {
    assert.ok(error instanceof HookswitchError);
    assert.equal(error.code, 'events_overflow');
    assert.match(error.whatToDo, /iterate again/);
    return true;
  });
  stop.abort();
  await reading;
  await other.next();
  await other.next();
  const last = other.next();
  await client.dispose();
  assert.equal((await last).done, true);
  await assert.rejects(client.request('/api/calls'), {code: 'disposed'});
  client.connect();
  assert.deepEqual(client.connection.getSnapshot().phase, 'stopped');
});

test('request: JSON with the token, and problems become errors', async () => {
  await using gateway = await startGateway();
  await using client = connect(gateway.url);
  const {calls} = await client.request<{calls: unknown[]}>('/api/calls?status=active');
  assert.deepEqual(calls, []);
  await assert.rejects(client.request('/api/nowhere'), {code: 'not_found', status: 404});
  await using stranger = connect(gateway.url, {token: 'wrong'});
  await assert.rejects(stranger.request('/api/calls'), {code: 'unauthorized', retry: 'with-new-token'});
  await using nowhere = connect('http://127.0.0.1:9');
  await assert.rejects(nowhere.request('/api/calls'), {code: 'network', retry: 'backoff'});
});
