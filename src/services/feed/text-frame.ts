/**
 * Text frames of a server (RFC 6455, section 5.2: final, unmasked, uncompressed). Encoded here instead of in
 * the WebSocket library, so that a frame for many sessions is encoded once and written to their sockets as
 * is.
 */

const TEXT_FINAL = 0x81;

/** One complete text frame with `text`. */
export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = TEXT_FINAL;
  if (headerLength === 2) {
    frame[1] = length;
  } else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headerLength);
  return frame;
}
