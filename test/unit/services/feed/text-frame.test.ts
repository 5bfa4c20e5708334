import assert from 'node:assert/strict';
import {test} from 'node:test';
import {encodeTextFrame} from '../../../../src/services/feed/text-frame.ts';
import {decodeFrame, opcodes} from '../../../support/websocket/raw-websocket.ts';

for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]) {
  test(`a text of ${length} bytes is one final, unmasked, uncompressed text frame`, () => {
    const text = 'x'.repeat(length);
    const encoded = encodeTextFrame(text);
    const decoded = decodeFrame(encoded);
    assert.equal(decoded?.size, encoded.length);
    assert.deepEqual(
      {...decoded?.frame, payload: ''},
      {fin: true, rsv: 0, opcode: opcodes.text, payload: ''},
    );
    assert.equal(decoded?.frame.payload.toString(), text);
  });
}

test('the length counts UTF-8 bytes, not characters', () => {
  const text = '€'.repeat(42);
  const decoded = decodeFrame(encodeTextFrame(text));
  assert.equal(decoded?.frame.payload.length, 126);
  assert.equal(decoded?.frame.payload.toString(), text);
});
