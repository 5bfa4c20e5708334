/**
 * Counts the frames of one WebSocket without keeping, unmasking or decoding them. It reads the headers and skips the
 * payloads, except for the one byte that distinguishes an event.
 */

import type {Dialect} from './dialect.ts';

const TEXT = 1;
const PING = 9;

export class FrameReader {
  /** Complete text frames. */
  texts = 0;
  /** Text frames that are events. */
  statuses = 0;
  pings = 0;
  /** Remaining bytes of the current payload. */
  #left = 0;
  #carry: Buffer | undefined;
  #opcode = 0;
  #isStatus = false;
  #isTextPing = false;
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** Reads the first `length` bytes of `chunk`. Keeps a copy of an incomplete header only. */
  read(chunk: Buffer, length: number): void {
    let bytes = chunk;
    let end = length;
    if (this.#carry !== undefined) {
      bytes = Buffer.concat([this.#carry, chunk.subarray(0, length)]);
      end = bytes.length;
      this.#carry = undefined;
    }
    for (let at = 0; at < end; ) {
      if (this.#left === 0) {
        const headerEnd = this.#readHeader(bytes, at, end);
        if (headerEnd === undefined) {
          this.#carry = Buffer.from(bytes.subarray(at, end));
          return;
        }
        at = headerEnd;
      }
      const taken = Math.min(this.#left, end - at);
      at += taken;
      this.#left -= taken;
      if (this.#left === 0) this.#count();
    }
  }

  /** Start of the payload; `undefined` until the header and the distinguishing byte have arrived. */
  #readHeader(bytes: Buffer, at: number, end: number): number | undefined {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const headerLength = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (end - at < headerLength) return undefined;
    const payloadLength =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? bytes.readUInt32BE(at + 6) : short;
    const payload = at + headerLength;
    const {event, textPings} = this.#dialect;
    if (end - payload < Math.min(payloadLength, event.at + 1)) return undefined;
    this.#opcode = (bytes[at] ?? 0) & 0x0f;
    this.#isStatus = payloadLength > event.at && bytes[payload + event.at] === event.byte;
    this.#isTextPing = textPings && payloadLength === 1;
    this.#left = payloadLength;
    return payload;
  }

  #count(): void {
    if (this.#opcode === PING || this.#isTextPing) this.pings += 1;
    if (this.#opcode !== TEXT || this.#isTextPing) return;
    this.texts += 1;
    if (this.#isStatus) this.statuses += 1;
  }
}
