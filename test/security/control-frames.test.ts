/** Each ping or pong costs a turn and an answer, so they are bounded in memory and in number (W14). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {CONTROL_FRAME_BURST} from '../../src/services/sessions/session.ts';
import {ACCESS_KEY, startGateway} from '../support/gateway/gateway.ts';
import {ManualClock} from '../support/manual-clock.ts';
import {until} from '../support/until.ts';
import {encodeClose, encodeFrame, opcodes, RawWebSocket} from '../support/websocket/raw-websocket.ts';

const ping = encodeFrame('?', {opcode: opcodes.ping});
const pong = encodeFrame('!', {opcode: opcodes.pong});

function times(count: number, frame: Buffer): Buffer {
  return Buffer.concat(Array.from({length: count}, () => frame));
}

function pongs({frames}: RawWebSocket): number {
  return frames.filter(({opcode}) => opcode === opcodes.pong).length;
}

test('[W14] a hundred pings are answered, and one more closes with 4429', async () => {
  await using gateway = await startGateway({clock: new ManualClock()});
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  client.write(times(CONTROL_FRAME_BURST, ping));
  await until(() => pongs(client) === CONTROL_FRAME_BURST);
  assert.equal(client.closeCode, undefined);
  client.write(times(1000, ping));
  assert.equal(await client.closeFrame(), 4429);
  client.write(encodeClose(1000));
  await client.closed();
  assert.equal(pongs(client), CONTROL_FRAME_BURST);
});

test('[W14] unsolicited pongs count as well, and do not keep a session alive', async () => {
  await using gateway = await startGateway({clock: new ManualClock()});
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  client.write(times(CONTROL_FRAME_BURST + 1, pong));
  assert.equal(await client.closeFrame(), 4429);
  client.vanish();
});

test('[W14] ten control frames a second are accepted indefinitely', async () => {
  const clock = new ManualClock();
  await using gateway = await startGateway({clock});
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  client.write(times(CONTROL_FRAME_BURST, ping));
  for (let sent = CONTROL_FRAME_BURST; sent < CONTROL_FRAME_BURST + 300; sent += 1) {
    await until(() => pongs(client) === sent);
    clock.advance(100);
    client.write(ping);
  }
  assert.equal(client.closeCode, undefined);
  client.vanish();
});

test('[W14] a flood of pings or pongs without reading ends within seconds, and others are served meanwhile', async () => {
  await using gateway = await startGateway();
  const witness = await gateway.session();
  const flooders = await Promise.all(
    Array.from({length: 20}, () => RawWebSocket.open(gateway.url, ACCESS_KEY)),
  );
  const before = process.memoryUsage().rss;
  for (const [index, flooder] of flooders.entries()) {
    flooder.stopReading();
    const frame = encodeFrame(Buffer.alloc(125), {opcode: index % 2 === 0 ? opcodes.ping : opcodes.pong});
    const flood = times(5000, frame);
    for (let round = 0; round < 4; round += 1) flooder.write(flood);
  }
  for (let asked = 0; asked < 10; asked += 1) {
    witness.send({type: 'call.subscribe', calls: [], requestId: `r${asked}`});
    await witness.receive('call.snapshot', ({requestId}) => requestId === `r${asked}`);
  }
  await until(async () => (await gateway.api('/api/sessions')).body.total === 1, {
    what: 'the flooders to be gone',
    timeoutMs: 20_000,
  });
  const {counts} = (await gateway.api('/api/sessions')).body;
  assert.equal(counts.closes.find((each: {code: number}) => each.code === 4429).count, 20);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 200e6, `${grown} bytes more, including the flood's own`);
  for (const flooder of flooders) flooder.vanish();
});
