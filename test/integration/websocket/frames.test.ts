/**
 * Frames that no well-behaved client sends.
 *
 * After each of them, the server is alive, another session still works, and only that session is listed.
 */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import type {TestClient} from '../../support/websocket/client.ts';
import {encodeClose, encodeFrame, opcodes, RawWebSocket} from '../../support/websocket/raw-websocket.ts';

let gateway: TestGateway;
let witness: TestClient;

before(async () => {
  gateway = await startGateway();
  witness = await gateway.session();
});
after(() => gateway[Symbol.asyncDispose]());

let calls = 0;

/** Checks that the witness receives a new call and that no other session is left. */
async function undisturbed(): Promise<void> {
  calls += 1;
  const CallSid = someCallSid(calls);
  const response = await postWebhook(gateway, statusFields(gateway, {CallSid, CallStatus: 'ringing'}));
  assert.equal(response.status, 204);
  await witness.receive('call.status', ({callSid}) => callSid === CallSid);
  await until(async () => (await gateway.api('/api/sessions')).body.sessions.length === 1, {
    what: 'only the witness to be left',
  });
}

interface Abuse {
  readonly name: string;
  readonly bytes: readonly Uint8Array[];
  /** The server's close code. */
  readonly code: number;
}

const text = (content: string | Uint8Array, options = {}) => encodeFrame(content, options);
const badUtf8 = Buffer.from([0x22, 0xc3, 0x28, 0x22]);
/** A euro sign that is cut after its first byte. */
const cut = [Buffer.from([0x22, 0xe2]), Buffer.from([0x28, 0x22])];

const abuses: readonly Abuse[] = [
  {name: 'an unmasked frame', bytes: [text('{}', {masked: false})], code: 1002},
  {name: 'RSV1 set without negotiated compression', bytes: [text('{}', {rsv: 4})], code: 1002},
  {name: 'RSV2', bytes: [text('{}', {rsv: 2})], code: 1002},
  {name: 'RSV3', bytes: [text('{}', {rsv: 1})], code: 1002},
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => ({
    name: `reserved opcode ${opcode}`,
    bytes: [text('{}', {opcode})],
    code: 1002,
  })),
  {
    name: 'a ping of 126 bytes',
    bytes: [encodeFrame(Buffer.alloc(126), {opcode: opcodes.ping})],
    code: 1002,
  },
  {name: 'a fragmented ping', bytes: [encodeFrame('x', {opcode: opcodes.ping, fin: false})], code: 1002},
  {name: 'a fragmented close', bytes: [encodeFrame('', {opcode: opcodes.close, fin: false})], code: 1002},
  {
    name: 'a close of one byte',
    bytes: [encodeFrame(Buffer.from([3]), {opcode: opcodes.close})],
    code: 1002,
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535].map((code) => ({
    name: `close code ${code}`,
    bytes: [encodeClose(code)],
    code: 1002,
  })),
  {name: 'a close reason that is not UTF-8', bytes: [encodeClose(1000, badUtf8)], code: 1007},
  {name: 'a continuation without a message', bytes: [text('{}', {opcode: opcodes.continuation})], code: 1002},
  {name: 'a new message inside another', bytes: [text('{', {fin: false}), text('{}')], code: 1002},
  {name: 'bad UTF-8 in one frame', bytes: [text(badUtf8)], code: 1007},
  {
    name: 'bad UTF-8 across two fragments',
    bytes: cut.map((part, index) => text(part, {opcode: index === 0 ? 1 : 0, fin: index === 1})),
    code: 1007,
  },
  {name: 'a surrogate encoded as UTF-8', bytes: [text(Buffer.from([0xed, 0xa0, 0x80]))], code: 1007},
  {name: 'truncated UTF-8', bytes: [text(Buffer.from([0x22, 0xf0, 0x9f]))], code: 1007},
  {name: 'a length of 2^63', bytes: [text('x', {claimedLength: 2n ** 63n, longLength: true})], code: 1009},
  {
    name: '[W14] a claimed length of 1 GiB that is not sent',
    bytes: [text('x', {claimedLength: 2 ** 30, longLength: true})],
    code: 1009,
  },
  {
    name: '[W14] a claimed length of 16 KiB + 1 that is not sent',
    bytes: [text('x', {claimedLength: 16_385})],
    code: 1009,
  },
  {
    name: 'a flood of one-byte fragments',
    bytes: [text('"', {fin: false}), ...Array.from({length: 5000}, () => text('x', {opcode: 0, fin: false}))],
    code: 1008,
  },
  {
    name: 'a flood of empty fragments',
    bytes: [text('', {fin: false}), ...Array.from({length: 5000}, () => text('', {opcode: 0, fin: false}))],
    code: 1008,
  },
  {name: 'a binary frame', bytes: [encodeFrame('{}', {opcode: opcodes.binary})], code: 4400},
  {name: 'an empty text frame', bytes: [text('')], code: 4400},
  ...[
    'hello',
    '[]',
    '[{"type":"session.heartbeat"}]',
    '1',
    'null',
    'true',
    '"x"',
    '{"type":',
    '{"a":1} {"b":2}',
    '\ufeff{}',
  ].map((content) => ({name: `not a JSON object: ${content}`, bytes: [text(content)], code: 4400})),
  {
    name: 'JSON nested 8,000 deep',
    bytes: [text('['.repeat(8000) + ']'.repeat(8000))],
    code: 4400,
  },
];

for (const {name, bytes, code} of abuses) {
  test(`${name} closes with ${code} and affects no other session`, async () => {
    const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
    for (const part of bytes) client.write(part);
    assert.equal(await client.closeFrame(), code);
    client.write(encodeClose(1000));
    await client.closed();
    await undisturbed();
  });
}

test('frames after an offending frame in the same packet are ignored', async () => {
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  const subscribe = text('{"type":"call.subscribe","calls":[],"requestId":"after"}');
  client.write(Buffer.concat([text('[]'), subscribe, subscribe]));
  assert.equal(await client.closeFrame(), 4400);
  client.write(encodeClose(1000));
  await client.closed();
  assert.ok(client.messages.every((message) => !('requestId' in message)));
  await undisturbed();
});

test('a JSON object of an unknown type is an error, and the session continues', async () => {
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  for (const message of [{}, {type: 'nonsense'}, {type: 7}, {type: 'call.status'}, {type: '__proto__'}]) {
    client.sendJson(message);
  }
  await until(() => client.messages.filter(({type}) => type === 'error').length === 5);
  assert.equal(client.closeCode, undefined);
  client.vanish();
  await undisturbed();
});

test('a fragmented message with pings and empty fragments in between is one message', async () => {
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  const message = Buffer.from('{"type":"call.subscribe","calls":[],"requestId":"Zürich"}');
  client.frame('', {fin: false});
  for (const byte of message) {
    client.frame(Buffer.of(byte), {opcode: opcodes.continuation, fin: false});
    if (byte === 0x22) client.frame('?', {opcode: opcodes.ping});
    if (byte === 0x3a) client.frame('', {opcode: opcodes.continuation, fin: false});
  }
  client.frame('', {opcode: opcodes.continuation});
  await until(() => client.messages.some((answer) => 'requestId' in answer && answer.requestId === 'Zürich'));
  assert.ok(client.frames.some(({opcode, payload}) => opcode === opcodes.pong && String(payload) === '?'));
  client.vanish();
  await undisturbed();
});

test('a message that arrives byte by byte is one message', async () => {
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  for (const byte of text('{"type":"call.subscribe","calls":[],"requestId":"slow"}')) {
    await new Promise<void>((resolve) => client.socket.write(Buffer.of(byte), () => setImmediate(resolve)));
  }
  await until(() => client.messages.some((answer) => 'requestId' in answer && answer.requestId === 'slow'));
  client.vanish();
  await undisturbed();
});

test('an unfinished frame ends with its connection, not earlier', async () => {
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  client.frame('{"type"', {claimedLength: 1000});
  const list = await gateway.api('/api/sessions');
  assert.equal(list.body.sessions.length, 2);
  client.vanish();
  await undisturbed();
});

test('a half-closed connection is closed', async () => {
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  client.socket.end();
  await client.closed();
  await undisturbed();
});

test('a close without a code, or with 1000, is echoed', async () => {
  for (const [frame, code] of [
    [encodeFrame('', {opcode: opcodes.close}), 1005],
    [encodeClose(1000, 'bye'), 1000],
  ] as const) {
    const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
    client.write(frame);
    assert.equal(await client.closeFrame(), code);
    await client.closed();
  }
  await undisturbed();
});

test('a ping is answered with its payload, and unsolicited pongs are accepted', async () => {
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  for (let sent = 0; sent < 50; sent += 1) client.frame('', {opcode: opcodes.pong});
  client.frame('hello', {opcode: opcodes.ping});
  const pong = await until(() => client.frames.find(({opcode}) => opcode === opcodes.pong));
  assert.equal(String(pong.payload), 'hello');
  client.vanish();
  await undisturbed();
});

test('a flood of pings with unread pongs takes bounded memory', async () => {
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  client.stopReading();
  const ping = encodeFrame(Buffer.alloc(125), {opcode: opcodes.ping});
  const many = Buffer.concat(Array.from({length: 5000}, () => ping));
  let largest = 0;
  for (let round = 0; round < 40; round += 1) {
    await new Promise<void>((resolve) => client.socket.write(many, () => resolve()));
    const {body} = await gateway.api('/api/sessions');
    for (const {unsentBytes} of body.sessions) largest = Math.max(largest, unsentBytes);
  }
  assert.ok(largest < 64 * 1024, `${largest} bytes unsent`);
  client.vanish();
  await undisturbed();
});
