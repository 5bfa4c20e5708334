import assert from 'node:assert/strict';
import {test} from 'node:test';
import {gatewayDialect, socketIoDialect} from './dialect.ts';
import {FrameReader} from './frame-reader.ts';

function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header =
    payload.length < 126 ? [0x81, payload.length] : [0x81, 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from(header), payload]);
}

test('frames and events are counted wherever the bytes are split', () => {
  const status = JSON.stringify({type: 'call.status', filler: 'x'.repeat(300)});
  const ping = Buffer.from([0x89, 0]);
  const bytes = Buffer.concat([
    textFrame('{"type":"session.ready"}'),
    ping,
    textFrame(status),
    textFrame(status),
  ]);
  for (let cut = 1; cut < bytes.length; cut += 1) {
    const reader = new FrameReader(gatewayDialect);
    reader.read(bytes, cut);
    reader.read(bytes.subarray(cut), bytes.length - cut);
    assert.deepEqual([reader.texts, reader.statuses, reader.pings], [3, 2, 1], `cut at ${cut}`);
  }
});

test('Socket.IO pings are text messages, and only events start with 42', () => {
  const reader = new FrameReader(socketIoDialect);
  const bytes = Buffer.concat(['0{"sid":"a"}', '40{"sid":"b"}', '2', '42["event",{}]'].map(textFrame));
  reader.read(bytes, bytes.length);
  assert.deepEqual([reader.texts, reader.statuses, reader.pings], [3, 1, 1]);
});
