/**
 * A handwritten WebSocket client on TCP. It can send invalid frames and stop reading. Handshake, encoder and decoder
 * follow RFC 6455 and share no code with the code under test.
 */
import {createHash, randomBytes} from 'node:crypto';
import {connect, type Socket} from 'node:net';
import type {ServerMessage} from '@hookswitch/protocol';
import {until} from '../until.ts';

export const opcodes = {continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10} as const;

export interface FrameOptions {
  /** @default text */
  readonly opcode?: number;
  /** @default true */
  readonly fin?: boolean;
  /** The three reserved bits, 0 to 7. @default 0 */
  readonly rsv?: number;
  /** Clients must mask. @default true */
  readonly masked?: boolean;
  /** Length in the header, if it differs from the payload's. */
  readonly claimedLength?: number | bigint;
  /** Uses a 64-bit length field, which RFC 6455 forbids for short payloads. */
  readonly longLength?: boolean;
}

export interface ReceivedFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Encodes a client frame. */
export function encodeFrame(content: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const {opcode = opcodes.text, fin = true, rsv = 0, masked = true, longLength = false} = options;
  const payload = Buffer.from(content);
  const length = BigInt(options.claimedLength ?? payload.length);
  const maskBit = masked ? 0x80 : 0;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const header =
    longLength || length > 0xffffn
      ? Buffer.from([first, maskBit | 127, 0, 0, 0, 0, 0, 0, 0, 0])
      : length > 125n
        ? Buffer.from([first, maskBit | 126, Number(length) >> 8, Number(length) & 0xff])
        : Buffer.from([first, maskBit | Number(length)]);
  if (header.length === 10) header.writeBigUInt64BE(length, 2);
  if (!masked) return Buffer.concat([header, payload]);
  const mask = randomBytes(4);
  for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0);
  return Buffer.concat([header, mask, payload]);
}

/** Encodes a close frame with a code and a reason. */
export function encodeClose(code: number, reason: string | Uint8Array = ''): Buffer {
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
  payload.writeUInt16BE(code);
  return encodeFrame(payload, {opcode: opcodes.close});
}

/** The text of an upgrade request. A header with the value `undefined` is omitted. */
export function upgradeRequest(
  path = '/ws',
  headers: Readonly<Record<string, string | undefined>> = {},
  method = 'GET',
): string {
  const all: Record<string, string | undefined> = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return `${[`${method} ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}

const ACCEPT = createHash('sha1')
  .update('dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
  .digest('base64');

export class RawWebSocket {
  readonly socket: Socket;
  /** The response up to the empty line, or the whole response if it is no upgrade. */
  head = '';
  readonly frames: ReceivedFrame[] = [];
  /** Whether the connection has ended, on either side. */
  ended = false;
  bytesReceived = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #upgraded = false;

  /** @param url any URL with the host and port to connect to */
  constructor(url: string) {
    const {hostname, port} = new URL(url);
    this.socket = connect({host: hostname, port: Number(port), noDelay: true});
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.socket.on('close', () => {
      this.ended = true;
    });
    this.socket.on('error', () => {});
  }

  /** Opens a connection with a session. */
  static async open(
    url: string,
    token: string,
    {path = '/ws', headers = {}}: {path?: string; headers?: Readonly<Record<string, string>>} = {},
  ): Promise<RawWebSocket> {
    const client = new RawWebSocket(url);
    client.write(upgradeRequest(path, {Authorization: `Bearer ${token}`, ...headers}));
    await client.answered();
    if (!client.head.includes(`Sec-WebSocket-Accept: ${ACCEPT}`)) {
      throw new Error(`not upgraded: ${client.head}`);
    }
    await client.message('session.ready');
    return client;
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Sends a frame. */
  frame(content: string | Uint8Array, options?: FrameOptions): void {
    this.write(encodeFrame(content, options));
  }

  sendJson(message: unknown): void {
    this.frame(JSON.stringify(message));
  }

  /** Stops reading, so that TCP flow control stops the server. */
  stopReading(): void {
    this.socket.pause();
  }

  /** Reads about this many bytes, then stops again. */
  async readSome(bytes: number): Promise<void> {
    const enough = this.bytesReceived + bytes;
    const {promise, resolve} = Promise.withResolvers<void>();
    const look = () => {
      if (this.bytesReceived >= enough || this.socket.destroyed) resolve();
    };
    this.socket.on('data', look).on('close', look).resume();
    await promise;
    this.socket.pause().off('data', look).off('close', look);
  }

  readOn(): void {
    this.socket.resume();
  }

  /** Resolves with the status of the handshake's response, 101 on success. */
  async answered(): Promise<number> {
    await until(() => this.head !== '' || this.ended, {what: 'a response to the handshake'});
    return Number(this.head.split(' ')[1]);
  }

  async closed(timeoutMs = 10_000): Promise<void> {
    await until(() => this.ended, {what: 'the connection to end', timeoutMs});
  }

  /** Code of the server's close frame; 1005 for a frame without a code, `undefined` without a frame. */
  get closeCode(): number | undefined {
    const frame = this.frames.find(({opcode}) => opcode === opcodes.close);
    if (frame === undefined) return undefined;
    return frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE();
  }

  /** Resolves with the code of the server's close frame. */
  async closeFrame(): Promise<number> {
    return until(() => this.closeCode, {what: 'a close frame'});
  }

  /** Messages so far. */
  get messages(): ServerMessage[] {
    return this.frames
      .filter(({opcode}) => opcode === opcodes.text)
      .map(({payload}) => JSON.parse(payload.toString()) as ServerMessage);
  }

  async message<Type extends ServerMessage['type']>(
    type: Type,
  ): Promise<Extract<ServerMessage, {type: Type}>> {
    const fits = (message: ServerMessage): message is Extract<ServerMessage, {type: Type}> =>
      message.type === type;
    return until(() => this.messages.find(fits), {what: type});
  }

  /** Drops the connection without a close frame. */
  vanish(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.bytesReceived += chunk.length;
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (!this.#upgraded) this.#takeHead();
    if (this.#upgraded) this.#takeFrames();
  }

  #takeHead(): void {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end === -1) return;
    this.#upgraded = this.#buffer.toString('latin1', 0, 12) === 'HTTP/1.1 101';
    const headEnd = this.#upgraded ? end + 4 : this.#buffer.length;
    this.head = this.#buffer.toString('latin1', 0, headEnd);
    if (this.#upgraded) this.#buffer = this.#buffer.subarray(headEnd);
  }

  #takeFrames(): void {
    for (let frame = decodeFrame(this.#buffer); frame !== undefined; frame = decodeFrame(this.#buffer)) {
      this.frames.push(frame.frame);
      this.#buffer = this.#buffer.subarray(frame.size);
    }
  }
}

/** Decodes the first complete frame in `bytes`. A server's frames are not masked. */
export function decodeFrame(bytes: Buffer): {frame: ReceivedFrame; size: number} | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  if ((second & 0x80) !== 0) throw new Error('the server masked a frame');
  const short = second & 0x7f;
  const start = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  const length =
    short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const size = start + length;
  if (bytes.length < size) return undefined;
  const payload = Buffer.from(bytes.subarray(start, size));
  return {frame: {fin: (first & 0x80) !== 0, rsv: (first >> 4) & 7, opcode: first & 15, payload}, size};
}
