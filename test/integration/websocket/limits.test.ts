/** Limits of a client's messages and of the number of clients (W14, MAX_SESSIONS, MAX_SESSIONS_PER_USER). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MAX_MESSAGE_BYTES, MESSAGE_BURST} from '@hookswitch/protocol';
import {ACCESS_KEY, startGateway} from '../../support/gateway/gateway.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {until} from '../../support/until.ts';
import {opcodes, RawWebSocket, upgradeRequest} from '../../support/websocket/raw-websocket.ts';
import {startSessionHost} from './session-host.ts';

/** A subscription padded with spaces to this many bytes. */
function padded(bytes: number): string {
  return '{"type":"call.subscribe","calls":[],"requestId":"big"}'.padEnd(bytes);
}

test('[W14] a message of 16 KiB is accepted, and one more byte closes with 1009', async () => {
  await using gateway = await startGateway();
  const client = await gateway.session();
  client.send(padded(MAX_MESSAGE_BYTES));
  await client.receive('call.snapshot', ({requestId}) => requestId === 'big');
  client.send(padded(MAX_MESSAGE_BYTES + 1));
  assert.equal(await client.closed(), 1009);
});

test('[W14] the limit applies to the message, for any fragmentation', async () => {
  await using gateway = await startGateway();
  const send = async (bytes: number) => {
    const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
    const message = padded(bytes);
    client.frame(message.slice(0, 10_000), {fin: false});
    client.frame(message.slice(10_000), {opcode: opcodes.continuation});
    return client;
  };
  const allowed = await send(MAX_MESSAGE_BYTES);
  await until(() => allowed.messages.some((message) => 'requestId' in message));
  const refused = await send(MAX_MESSAGE_BYTES + 1);
  assert.equal(await refused.closeFrame(), 1009);
  allowed.vanish();
  refused.vanish();
});

test('[W14] after bursts of 20 a message is rate_limited with its request id, then 4429 closes', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const client = await gateway.session();
  for (let index = 0; index < MESSAGE_BURST; index += 1) client.send({type: 'session.heartbeat'});
  for (let index = 0; index < 20; index += 1) {
    client.send({type: 'session.heartbeat', requestId: `r${index}`});
  }
  await until(() => client.of('error').length === 20);
  assert.ok(client.of('error').every(({code}) => code === 'rate_limited'));
  assert.deepEqual(
    client.of('error').map(({requestId}) => requestId),
    Array.from({length: 20}, (_, index) => `r${index}`),
  );
  assert.equal(client.closeCode, undefined);
  client.send({type: 'session.heartbeat'});
  assert.equal(await client.closed(), 4429);
});

test('[W14] 120 messages a minute are accepted, and a pause restores the burst', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const client = await gateway.session();
  let answered = 1;
  const subscribe = async () => {
    client.send({type: 'call.subscribe', calls: 'all'});
    answered += 1;
    await until(() => client.of('call.snapshot').length + client.of('error').length === answered);
  };
  for (let index = 0; index < MESSAGE_BURST; index += 1) await subscribe();
  for (let index = 0; index < 120; index += 1) {
    clock.advance(500);
    await subscribe();
  }
  assert.deepEqual(client.of('error'), []);
  await subscribe();
  assert.equal(client.of('error').length, 1);
  clock.advance(10_000);
  for (let index = 0; index < MESSAGE_BURST; index += 1) await subscribe();
  assert.equal(client.of('error').length, 1);
});

test('[W14] compression is not negotiated, even if the client offers it', async () => {
  await using gateway = await startGateway();
  const client = new RawWebSocket(gateway.url);
  const offer = 'permessage-deflate; client_max_window_bits, permessage-deflate';
  client.write(
    upgradeRequest('/ws', {Authorization: `Bearer ${ACCESS_KEY}`, 'Sec-WebSocket-Extensions': offer}),
  );
  assert.equal(await client.answered(), 101);
  assert.doesNotMatch(client.head, /sec-websocket-extensions/i);
  await client.message('session.ready');
  assert.ok(client.frames.every(({rsv}) => rsv === 0));
  client.frame(Buffer.from([0xaa, 0x56, 0x4a, 0x2c]), {rsv: 4});
  assert.equal(await client.closeFrame(), 1002);
  client.vanish();
});

test('MAX_SESSIONS: the next upgrade is 503 with Retry-After, and a freed place is used', async () => {
  await using gateway = await startGateway({env: {MAX_SESSIONS: '2'}});
  const first = await gateway.session();
  await gateway.session();
  const attempt = async () => {
    const client = new RawWebSocket(gateway.url);
    client.write(upgradeRequest('/ws', {Authorization: `Bearer ${ACCESS_KEY}`}));
    const status = await client.answered();
    client.vanish();
    return {status, head: client.head};
  };
  const {status, head} = await attempt();
  assert.equal(status, 503);
  assert.match(head, /Retry-After: \d+/);
  assert.match(head, /application\/problem\+json/);
  await first.close();
  await until(async () => (await attempt()).status === 101);
});

test('MAX_SESSIONS holds for simultaneous upgrades', async () => {
  const arrived = Promise.withResolvers<void>();
  let waiting = 0;
  // Verification is slow, as with a key set that has to be fetched, so all upgrades have passed the first
  // check.
  const verify = () => {
    waiting += 1;
    if (waiting === 20) arrived.resolve();
    return arrived.promise;
  };
  await using host = await startSessionHost({maxSessions: 3, verify});
  const clients = Array.from({length: 20}, () => new RawWebSocket(host.url));
  for (const client of clients) client.write(upgradeRequest('/ws', {Authorization: 'Bearer all'}));
  const statuses = await Promise.all(clients.map((client) => client.answered()));
  assert.equal(statuses.filter((status) => status === 101).length, 3);
  assert.equal(statuses.filter((status) => status === 503).length, 17);
  assert.equal(host.sessions.openCount, 3);
  for (const client of clients) client.vanish();
});

test('a session whose token was still being verified when a drain began is refused', async () => {
  const looking = Promise.withResolvers<void>();
  const passedFirstCheck = Promise.withResolvers<void>();
  const verify = () => {
    looking.resolve();
    return passedFirstCheck.promise;
  };
  await using host = await startSessionHost({verify});
  const client = new RawWebSocket(host.url);
  client.write(upgradeRequest('/ws', {Authorization: 'Bearer all'}));
  await looking.promise;
  await host.sessions.drain();
  passedFirstCheck.resolve();
  assert.equal(await client.answered(), 503);
  assert.equal(host.sessions.openCount, 0);
  client.vanish();
});

test('MAX_SESSIONS_PER_USER: the next socket opens and closes with 4429, and takes no place', async () => {
  await using gateway = await startGateway({env: {MAX_SESSIONS_PER_USER: '2'}});
  const first = await gateway.session();
  await gateway.session();
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const refused = gateway.connect();
    assert.equal(await refused.closed(), 4429);
    assert.equal(refused.messages.length, 0);
  }
  // This client does not even answer the close.
  const unresponsive = new RawWebSocket(gateway.url);
  unresponsive.write(upgradeRequest('/ws', {Authorization: `Bearer ${ACCESS_KEY}`}));
  assert.equal(await unresponsive.closeFrame(), 4429);
  await first.close();
  await until(async () => (await gateway.api('/api/sessions')).body.sessions.length === 1);
  const third = await gateway.session();
  assert.equal(third.closeCode, undefined);
  unresponsive.vanish();
});

test('[W14] an upgrade unfinished after 5 s is cut off, and idle sessions stay', async () => {
  await using gateway = await startGateway();
  const idle = await gateway.session();
  const request = upgradeRequest('/ws', {Authorization: `Bearer ${ACCESS_KEY}`});
  const silent = new RawWebSocket(gateway.url);
  const half = new RawWebSocket(gateway.url);
  half.write(request.slice(0, request.length / 2));
  const slow = new RawWebSocket(gateway.url);
  let at = 0;
  // At a byte a second the request would take minutes. Sending more must not extend its time.
  const byteTimer = setInterval(() => slow.write(request.charAt(at++)), 1000);
  const startedAt = performance.now();
  try {
    await Promise.all([silent, half, slow].map((client) => client.closed(30_000)));
  } finally {
    clearInterval(byteTimer);
  }
  assert.ok(performance.now() - startedAt >= 4500, 'it was cut off before its 5 s');
  const inTime = new RawWebSocket(gateway.url);
  for (const byte of Buffer.from(request)) {
    await new Promise<void>((resolve) => inTime.socket.write(Buffer.of(byte), () => setImmediate(resolve)));
  }
  assert.equal(await inTime.answered(), 101);
  inTime.vanish();
  idle.send({type: 'call.subscribe', calls: 'all', requestId: 'still here'});
  await idle.receive('call.snapshot', ({requestId}) => requestId === 'still here');
});

test('MAX_SESSIONS_PER_USER: all places are free again once all sessions are gone, repeatedly', async () => {
  await using gateway = await startGateway({env: {MAX_SESSIONS_PER_USER: '2'}});
  for (let round = 0; round < 4; round += 1) {
    const pair = await Promise.all([gateway.session(), gateway.session()]);
    await Promise.all(pair.map((client) => client.close()));
    await until(async () => (await gateway.api('/api/sessions')).body.sessions.length === 0);
  }
});
