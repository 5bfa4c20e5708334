/** Tests of the connection with a manual clock and a scripted server. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ManualClock} from '../../../test/support/manual-clock.ts';
import {until} from '../../../test/support/until.ts';
import {
  type ClientEnvironment,
  type ClientOptions,
  type ClientSettings,
  createClient,
  type EnvironmentEvent,
  type HookswitchError,
} from '../src/index.ts';
import {call, ready, ScriptedServer, snapshot, status} from './support/scripted-server.ts';
import {messages, phase, states} from './support/watch.ts';

/** A page controlled by the test. */
class Page implements ClientEnvironment {
  online = true;
  visible = true;
  readonly #listeners = new Set<(event: EnvironmentEvent) => void>();

  watch(listener: (event: EnvironmentEvent) => void) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  say(event: EnvironmentEvent) {
    for (const listener of this.#listeners) listener(event);
  }

  get watched() {
    return this.#listeners.size > 0;
  }
}

function setUp(
  server: {readonly url: string},
  {getToken, ...options}: Partial<ClientSettings> & Pick<ClientOptions, 'getToken'> = {},
) {
  const clock = new ManualClock();
  const page = new Page();
  const client = createClient({
    url: server.url,
    ...(getToken === undefined ? {token: 'key'} : {getToken}),
    clock,
    environment: page,
    random: () => 0.5,
    ...options,
  });
  return {client, clock, page};
}

test('messages and fields of a newer server are ignored', async () => {
  await using server = await ScriptedServer.start(({socket, send}) => {
    socket.send('no JSON');
    socket.send(Buffer.from([1, 2, 3]));
    for (const odd of [null, 7, [], {}, {type: 5}]) socket.send(JSON.stringify(odd));
    send({type: 'session.welcome', offset: 99, calls: 'all'});
    send(ready({plan: 'gold', scopes: ['calls:read', 'calls:whisper']}));
    send({...snapshot(5, [call(1, {mood: 'good', status: 'on-hold'})]), page: 1});
    send({type: 'call.quality', callSid: 'CA1', offset: 6});
    send({...status(1, 7), codec: 'opus', direction: 'sideways'});
    send({type: 'call.status', offset: 'much'});
    send({type: 'call.snapshot', offset: 8});
    send({...status(2, 9)});
  });
  const {client} = setUp(server);
  await using _client = client;
  const told = messages(client);
  const errors: HookswitchError[] = [];
  client.on('error', (error) => errors.push(error));
  await until(() => told.length === 2);
  assert.deepEqual(
    told.map(({offset}) => offset),
    [7, 9],
  );
  assert.deepEqual(
    client.calls.getSnapshot().map(({callSid}) => callSid),
    ['CA2', 'CA1'],
  );
  assert.equal(client.connection.getSnapshot().phase, 'live');
  assert.deepEqual(errors, []);
  assert.equal(server.sessions[0]?.url, '/base/ws');
});

test('late and duplicate messages change nothing', async () => {
  await using server = await ScriptedServer.start(({send}) => {
    send(ready());
    send(snapshot(5, [call(1)]));
    for (const offset of [5, 6, 6, 4])
      send(status(1, offset, {providerStatus: 'in-progress', status: 'in-progress'}));
    send(status(2, 8));
  });
  const {client} = setUp(server);
  await using _client = client;
  const told = messages(client);
  await until(() => told.some(({offset}) => offset === 8));
  assert.deepEqual(
    told.map(({offset}) => offset),
    [6, 8],
  );
  assert.deepEqual(
    client
      .call('CA1')
      .getSnapshot()
      ?.timeline.map(({offset}) => offset),
    [1, 6],
  );
});

test('a call that continues in another journal keeps nothing of the ended call', async () => {
  await using server = await ScriptedServer.start(({send}, index) => {
    send(ready({epoch: index === 0 ? 'e1' : 'e2', offset: 2}));
    send(snapshot(2));
    if (index === 0)
      send(status(1, 3, {status: 'failed', providerStatus: 'busy', reason: 'busy', duration: 4}));
    else send(status(1, 3, {status: 'initiating', providerStatus: 'initiated'}));
  });
  const {client, clock} = setUp(server, {connect: 'now'});
  await using _client = client;
  await until(() => client.call('CA1').getSnapshot()?.ended === true);
  server.sessions[0]?.socket.close(1001);
  await phase(client, 'waiting');
  clock.advance(1000);
  const [again] = await until(() => client.calls.getSnapshot().length === 1 && client.calls.getSnapshot());
  assert.deepEqual(
    [again?.reason, again?.duration, again?.endedAt, again?.timeline.length],
    [undefined, undefined, undefined, 1],
  );
});

test('a silent connection is detected and replaced', async () => {
  await using server = await ScriptedServer.start(({send}, index) => {
    send(ready({recovered: index > 0}));
    if (index === 0) send(snapshot(5));
    else send({type: 'session.heartbeat', offset: 5, timestamp: ''});
  });
  const {client, clock} = setUp(server);
  await using _client = client;
  const seen = states(client);
  await phase(client, 'live');
  clock.advance(3500);
  assert.equal(client.connection.getSnapshot().phase, 'live');
  clock.advance(1000);
  assert.ok(seen.some((state) => state.phase === 'waiting' && state.why === 'silent'));
  clock.advance(1000);
  await phase(client, 'live', ({recovered}) => recovered);
  assert.equal(server.sessions[1]?.url, '/base/ws?epoch=e1&offset=5');
  // The old connection may still send messages.
  server.sessions[0]?.send(status(9, 900));
  server.sessions[1]?.send(status(1, 6));
  await until(() => client.calls.getSnapshot().length === 1);
  assert.equal(client.calls.getSnapshot()[0]?.callSid, 'CA1');
});

test('[W11] a heartbeat ends the replay of missed messages, or a quiet period if there is no heartbeat', async () => {
  await using server = await ScriptedServer.start(({send}, index) => {
    send(ready({recovered: index > 0}));
    if (index === 0) send(snapshot(5));
    else send(status(1, 5 + index));
  });
  const {client, clock} = setUp(server);
  await using _client = client;
  client.connect();
  await phase(client, 'live');
  server.sessions[0]?.socket.close(1001);
  await phase(client, 'waiting');
  clock.advance(1000);
  await until(() => client.calls.getSnapshot().length === 1);
  assert.equal(client.connection.getSnapshot().phase, 'catching-up');
  server.sessions[1]?.send({type: 'session.heartbeat', offset: 6, timestamp: ''});
  await phase(client, 'live');
  server.sessions[1]?.socket.close(1001);
  await phase(client, 'waiting');
  clock.advance(1000);
  await until(() => client.calls.getSnapshot()[0]?.offset === 7);
  assert.equal(client.connection.getSnapshot().phase, 'catching-up');
  clock.advance(1500);
  assert.equal(client.connection.getSnapshot().phase, 'live');
});

test('[W9] the client answers heartbeats, and sends its own if none arrive', async () => {
  await using server = await ScriptedServer.start(({send}) => {
    send(ready());
    send(snapshot(5));
  });
  const {client, clock} = setUp(server, {connect: 'now'});
  await using _client = client;
  await phase(client, 'live');
  const [session] = server.sessions;
  assert.ok(session !== undefined);
  clock.advance(1500);
  await until(() => session.received.length === 1);
  session.send({type: 'session.heartbeat', offset: 12, timestamp: ''});
  await until(() => session.received.length === 2);
  assert.deepEqual(
    session.received.map(({type}) => type),
    ['session.heartbeat', 'session.heartbeat'],
  );
  // The offset of a heartbeat is a resume position.
  session.socket.close(1001);
  await phase(client, 'waiting');
  clock.advance(500);
  await until(() => server.sessions[1]?.url === '/base/ws?epoch=e1&offset=12');
});

test("another user's session never shows the stored calls of the first user", async () => {
  await using server = await ScriptedServer.start(({send}, index) => {
    send(ready({user: index === 0 ? 'anna' : 'bert', recovered: index === 1}));
    if (index !== 1) send(snapshot(5, index === 0 ? [call(1)] : [call(2)]));
  });
  const {client, clock} = setUp(server);
  await using _client = client;
  const shown: string[][] = [];
  client.calls.subscribe(() => shown.push(client.calls.getSnapshot().map(({callSid}) => callSid)));
  await phase(client, 'live');
  server.sessions[0]?.socket.close(1001);
  await phase(client, 'waiting');
  clock.advance(1000);
  await phase(client, 'live', ({user}) => user === 'bert');
  assert.deepEqual(shown, [['CA1'], [], ['CA2']]);
  assert.deepEqual(
    server.sessions.map(({url}) => url),
    ['/base/ws', '/base/ws?epoch=e1&offset=5', '/base/ws'],
  );
});

test("the server's retry hint takes precedence, in the close reason or in an earlier message", async () => {
  await using server = await ScriptedServer.start(({send}) => {
    send(ready());
    send(snapshot(5));
  });
  const {client, clock} = setUp(server);
  await using _client = client;
  client.connect();
  await phase(client, 'live');
  server.sessions[0]?.socket.close(1001, '{"afterMs":60000}');
  const waiting = await phase(client, 'waiting');
  assert.deepEqual([waiting.hinted, waiting.retryAt], [true, clock.now() + 60_000]);
  clock.advance(60_000);
  await phase(client, 'live');
  server.sessions[1]?.send({type: 'session.draining', afterMs: 30_000});
  server.sessions[1]?.socket.close(4500, 'Internal server error.');
  const again = await phase(client, 'waiting');
  assert.equal(again.retryAt, clock.now() + 30_000);
});

test('[W15] draining: the session continues, and the remaining afterMs applies if it ends early', async () => {
  await using server = await ScriptedServer.start(({send}) => {
    send(ready());
    send(snapshot(5));
  });
  const {client, clock} = setUp(server);
  await using _client = client;
  const told = messages(client);
  client.connect();
  await phase(client, 'live');
  server.sessions[0]?.send({type: 'session.draining', afterMs: 5000});
  server.sessions[0]?.send(status(1, 6));
  await until(() => told.length === 1);
  assert.equal(client.connection.getSnapshot().phase, 'live');
  clock.advance(2000);
  server.sessions[0]?.socket.terminate();
  const early = await phase(client, 'waiting');
  assert.deepEqual([early.hinted, early.retryAt], [true, clock.now() + 3000]);
  clock.advance(3000);
  await phase(client, 'live');
  server.sessions[1]?.send({type: 'session.draining', afterMs: 3000});
  server.sessions[1]?.send(status(2, 7));
  await until(() => told.length === 2);
  clock.advance(3000);
  server.sessions[1]?.socket.close(1001);
  const due = await phase(client, 'waiting');
  assert.deepEqual([due.why, due.retryAt], ['going-away', clock.now()]);
});

test('the page: hidden keeps the connection, offline and the back/forward cache close it, and each reconnects', async () => {
  await using server = await ScriptedServer.start(({send}, index) => {
    send(ready({recovered: index > 0}));
    send(snapshot(5));
  });
  const {client, clock, page} = setUp(server);
  assert.equal(page.watched, false);
  client.connect();
  await phase(client, 'live');
  page.say('hidden');
  assert.equal(client.connection.getSnapshot().phase, 'live');
  server.sessions[0]?.socket.terminate();
  await phase(client, 'waiting');
  page.say('visible');
  await phase(client, 'live');
  page.say('offline');
  assert.deepEqual((await phase(client, 'waiting')).why, 'offline');
  clock.advance(1_000_000);
  assert.equal(server.sessions.length, 2);
  page.say('online');
  await phase(client, 'live');
  page.say('suspend');
  assert.equal((await phase(client, 'waiting')).why, 'suspended');
  await until(() => server.sessions[2]?.socket.readyState === 3);
  page.say('resume');
  await phase(client, 'live');
  await client.dispose();
  assert.equal(page.watched, false);
  assert.equal(clock.timerCount, 0);
});

test('[4403] [4400] [1009] the client stops, says what to do, and starts again on connect', async () => {
  for (const [code, why] of [
    [4403, 'forbidden'],
    [4400, 'protocol'],
    [1009, 'protocol'],
  ] as const) {
    await using server = await ScriptedServer.start(({socket}) => socket.close(code));
    const {client, clock} = setUp(server, {connect: 'now'});
    await using _client = client;
    const stopped = await phase(client, 'stopped', (state) => state.why === why);
    assert.equal(stopped.code, code);
    assert.notEqual(stopped.whatToDo, '');
    clock.advance(1_000_000);
    assert.equal(server.sessions.length, 1);
    client.connect();
    await until(() => server.sessions.length === 2);
  }
});

test('a throwing listener does not affect others, and a getToken that hangs times out', async () => {
  let asked = false;
  const getToken = () => {
    asked = true;
    return new Promise<string>(() => {});
  };
  const {client, clock} = setUp({url: 'http://127.0.0.1:9'}, {getToken});
  await using _client = client;
  const thrown: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error));
  let calm = false;
  client.connection.subscribe(() => {
    if (calm) return;
    calm = true;
    throw new Error('a listener of somebody else');
  });
  const seen = states(client);
  await until(() => asked);
  clock.advance(60_000);
  await phase(client, 'waiting', ({why}) => why === 'token-failed');
  await until(() => thrown.length > 0);
  process.setUncaughtExceptionCaptureCallback(null);
  assert.equal(seen.at(-1)?.phase, 'waiting');
});

test('a session without messages after its opening is closed', async () => {
  await using server = await ScriptedServer.start(() => {});
  const {client, clock} = setUp(server, {connect: 'now'});
  await using _client = client;
  await until(() => server.sessions.length === 1);
  clock.advance(15_000);
  assert.equal((await phase(client, 'waiting')).why, 'timeout');
});
