/**
 * A million frames (a tenth of them unless LONG=1) of sessions that misbehave in every way.
 *
 * Each session's responses are exactly those of a reference receiver. No other session is affected, and the
 * memory is released.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ACCESS_KEY, startGateway, type TestGateway} from '../support/gateway/gateway.ts';
import {liveHeapBytes} from '../support/heap.ts';
import {SeededRandom} from '../support/simulation/random.ts';
import {postWebhook, someCallSid, statusFields} from '../support/twilio/signed-webhook.ts';
import {until} from '../support/until.ts';
import {
  encodeClose,
  encodeFrame,
  opcodes,
  RawWebSocket,
  type ReceivedFrame,
  upgradeRequest,
} from '../support/websocket/raw-websocket.ts';
import {predict} from './reference-receiver.ts';

const FRAMES = process.env['LONG'] === '1' ? 1_000_000 : 100_000;
const SEED = Number(process.env['SEED'] ?? 20_261_122);
const AT_ONCE = 24;
/** Fewer than W14 accepts at once. */
const MAX_MESSAGES = 18;
const MAX_FRAMES = 90;

const ids = ['a', 'Zürich', '日本語', '😀', '', 'x'.repeat(64), '\u{10ffff}'];

function someText(random: SeededRandom): Buffer {
  const requestId = random.pick(ids);
  const kind = random.below(10);
  if (kind < 5) return Buffer.from(JSON.stringify({type: 'call.subscribe', calls: [], requestId}));
  if (kind < 7) return Buffer.from(JSON.stringify({type: 'session.heartbeat', requestId}));
  if (kind < 8) return Buffer.from(JSON.stringify({type: 'call.subscribe', calls: 7, requestId}));
  if (kind < 9)
    return Buffer.from(JSON.stringify({type: 'call.subscribe', calls: 'all'}).padEnd(random.below(2000)));
  return Buffer.from('{}');
}

function someBytes(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({length}, () => random.below(256)));
}

/** One message in several fragments with control frames in between. */
function someMessage(random: SeededRandom): Buffer[] {
  const content = someText(random);
  const pieces = random.below(3) === 0 ? 1 : 1 + random.below(12);
  const cuts = Array.from({length: pieces - 1}, () => random.below(content.length + 1)).sort((a, b) => a - b);
  const ends = [...cuts, content.length];
  return ends.flatMap((end, index) => {
    const part = content.subarray(ends[index - 1] ?? 0, end);
    const opcode = index === 0 ? opcodes.text : opcodes.continuation;
    const frame = encodeFrame(part, {opcode, fin: index === ends.length - 1});
    return random.below(6) === 0 ? [frame, someControl(random)] : [frame];
  });
}

function someControl(random: SeededRandom): Buffer {
  const opcode = random.below(3) === 0 ? opcodes.pong : opcodes.ping;
  return encodeFrame(someBytes(random, random.below(random.below(4) === 0 ? 126 : 8)), {opcode});
}

/** A frame that is or may be invalid. */
function someInvalidFrame(random: SeededRandom): Buffer {
  const opcode = random.below(16);
  const fin = random.below(2) === 0;
  switch (random.below(8)) {
    case 0:
      return encodeFrame(someBytes(random, random.below(200)), {opcode, fin});
    case 1:
      return encodeFrame('', {opcode, fin, rsv: random.below(8)});
    case 2:
      return encodeFrame('x', {opcode, fin, masked: false});
    case 3:
      return encodeFrame('x', {opcode: random.below(3), fin, claimedLength: random.below(2 ** 31)});
    case 4:
      return encodeClose(random.below(6000), someBytes(random, random.below(6)));
    case 5:
      return someBytes(random, 1 + random.below(40));
    case 6:
      return encodeFrame(someBytes(random, 1 + random.below(20)));
    default:
      return encodeFrame('', {opcode: opcodes.continuation, fin});
  }
}

/** The bytes that one client sends, and the number of frames in them. */
function someStream(random: SeededRandom): {bytes: Buffer; frames: number} {
  const frames: Buffer[] = [];
  for (let messages = random.below(MAX_MESSAGES); messages > 0 && frames.length < MAX_FRAMES; messages -= 1) {
    frames.push(...someMessage(random), ...(random.below(4) === 0 ? [someControl(random)] : []));
  }
  if (random.below(3) > 0) frames.splice(random.below(frames.length + 1), 0, someInvalidFrame(random));
  const bytes = Buffer.concat(frames);
  // A flipped bit or a truncated end.
  if (random.below(8) === 0 && bytes.length > 0) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  const end = random.below(12) === 0 ? random.below(bytes.length + 1) : bytes.length;
  return {bytes: bytes.subarray(0, end), frames: frames.length};
}

function describeFrame({opcode, payload, fin, rsv}: ReceivedFrame): string {
  if (!fin || rsv !== 0) return `a frame with fin ${fin} and rsv ${rsv}`;
  if (opcode === opcodes.pong) return `pong ${payload.toString('hex')}`;
  if (opcode === opcodes.close) return `close ${payload.length === 0 ? 1005 : payload.readUInt16BE()}`;
  const message = JSON.parse(payload.toString()) as {type: string; requestId?: string; code?: string};
  if (message.type === 'error') return `error ${message.code}`;
  return message.type === 'call.snapshot' ? `answer ${message.requestId ?? ''}` : message.type;
}

async function visit(gateway: TestGateway, random: SeededRandom): Promise<number> {
  const {bytes: stream, frames} = someStream(random);
  // Its pong is the last response, unless an earlier frame swallows the ping.
  const bytes = Buffer.concat([stream, encodeFrame('the end', {opcode: opcodes.ping})]);
  const expected = ['session.ready', 'answer ', ...predict(bytes)];
  const client = new RawWebSocket(gateway.url);
  client.write(upgradeRequest('/ws', {Authorization: `Bearer ${ACCESS_KEY}`}));
  const cuts = Array.from({length: random.below(4)}, () => random.below(bytes.length + 1)).sort(
    (a, b) => a - b,
  );
  for (const [index, cut] of [...cuts, bytes.length].entries()) {
    client.write(bytes.subarray(cuts[index - 1] ?? 0, cut));
    if (random.below(2) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => client.frames.length >= expected.length || client.ended, {
    what: `${JSON.stringify(expected).slice(0, 300)} for ${bytes.toString('hex').slice(0, 600)}`,
  });
  client.vanish();
  await client.closed();
  assert.deepEqual(client.frames.map(describeFrame), expected, bytes.toString('hex'));
  return frames;
}

async function visits(gateway: TestGateway, seed: number, frames: number): Promise<number> {
  let sent = 0;
  let visitors = 0;
  const work = async () => {
    while (sent < frames) {
      const random = new SeededRandom(seed + visitors);
      visitors += 1;
      const count = await visit(gateway, random);
      sent += count;
    }
  };
  await Promise.all(Array.from({length: AT_ONCE}, work));
  await until(async () => (await gateway.api('/api/sessions')).body.total === 1, {what: 'all to be gone'});
  return visitors;
}

test(`[W14] ${FRAMES} frames of misbehaving sessions get the right responses, and the memory is released`, async (t) => {
  await using gateway = await startGateway({env: {LOG_LEVEL: 'warn'}});
  const witness = await gateway.session();
  await visits(gateway, SEED - 1_000_000, 20_000);
  const before = liveHeapBytes();
  const visitors = await visits(gateway, SEED, FRAMES);
  const grown = (liveHeapBytes() - before) / before;
  t.diagnostic(`seed ${SEED}: ${FRAMES} frames, ${visitors} sessions, memory ${(grown * 100).toFixed(2)} %`);
  assert.ok(grown < 0.05, `the memory has grown by ${(grown * 100).toFixed(1)} % of ${before} bytes`);
  const CallSid = someCallSid(1);
  await postWebhook(gateway, statusFields(gateway, {CallSid, CallStatus: 'completed'}));
  await witness.receive('call.status', ({callSid}) => callSid === CallSid);
  assert.deepEqual(gateway.logs, []);
});
