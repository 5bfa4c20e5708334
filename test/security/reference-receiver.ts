/**
 * The gateway's responses to bytes on an open session, derived from RFC 6455 and `docs/PROTOCOL.md` for
 * complete streams.
 *
 * It shares only the message schema with the code under test. It is valid below the rate limits, and for
 * messages with an immediate response.
 */
import {isUtf8} from 'node:buffer';
import {MAX_MESSAGE_BYTES} from '@hookswitch/protocol';
import {clientMessage} from '@hookswitch/protocol/schemas';

const MAX_FRAGMENTS = 256;

interface Frame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  /** `undefined` while the length is incomplete. */
  readonly length: bigint | undefined;
  /** `undefined` while the payload is incomplete. */
  readonly payload: Buffer | undefined;
  readonly end: number;
}

/**
 * The responses in order: `answer <requestId>`, `pong <hex>`, `error <code>`, and at most one `close <code>`
 * at the end.
 */
export function predict(bytes: Buffer): string[] {
  const answers: string[] = [];
  let message: {readonly opcode: number; readonly parts: Buffer[]; bytes: bigint} | undefined;
  for (let at = 0; at < bytes.length; ) {
    const frame = decode(bytes, at);
    if (frame === undefined) return answers;
    const {opcode, fin, length, payload} = frame;
    if (isWrong(frame, message !== undefined)) return [...answers, 'close 1002'];
    if (length === undefined) return answers;
    if (opcode < 8 && (message?.bytes ?? 0n) + length > BigInt(MAX_MESSAGE_BYTES))
      return [...answers, 'close 1009'];
    if (payload === undefined) return answers;
    at = frame.end;
    if (opcode === 8) return [...answers, `close ${codeFor(payload)}`];
    if (opcode === 9) answers.push(`pong ${payload.toString('hex')}`);
    if (opcode >= 8) continue;
    message ??= {opcode, parts: [], bytes: 0n};
    message.parts.push(payload);
    message.bytes += length;
    if (message.parts.length > MAX_FRAGMENTS) return [...answers, 'close 1008'];
    if (!fin) continue;
    const answer = answerTo(message.opcode, Buffer.concat(message.parts));
    message = undefined;
    if (answer !== undefined) answers.push(answer);
    if (answer?.startsWith('close') === true) return answers;
  }
  return answers;
}

function decode(bytes: Buffer, at: number): Frame | undefined {
  const [first, second] = bytes.subarray(at, at + 2);
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const masked = second >= 0x80;
  const lengthEnd = at + (short === 127 ? 10 : short === 126 ? 4 : 2);
  const head = {fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 15, masked};
  if (bytes.length < lengthEnd) {
    // For a control frame these two bytes already show that it is too long.
    const length = head.opcode >= 8 ? BigInt(short) : undefined;
    return {...head, length, payload: undefined, end: bytes.length};
  }
  const length =
    short === 127
      ? bytes.readBigUInt64BE(at + 2)
      : BigInt(short === 126 ? bytes.readUInt16BE(at + 2) : short);
  const start = lengthEnd + 4;
  const end = BigInt(start) + length;
  if (BigInt(bytes.length) < end) return {...head, length, payload: undefined, end: bytes.length};
  const mask = bytes.subarray(lengthEnd, start);
  const payload = Buffer.from(bytes.subarray(start, Number(end)));
  for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0);
  return {...head, length, payload, end: Number(end)};
}

/** Whether the first two bytes of a frame are invalid. */
function isWrong({fin, rsv, opcode, masked, length}: Frame, isWithin: boolean): boolean {
  if (rsv !== 0 || !masked) return true;
  if (opcode === 0) return !isWithin;
  if (opcode === 1 || opcode === 2) return isWithin;
  if (opcode < 8 || opcode > 10) return true;
  return !fin || (length ?? 126n) > 125n || (opcode === 8 && length === 1n);
}

/** Our close code for theirs. */
function codeFor(payload: Buffer): number {
  if (payload.length === 0) return 1005;
  const code = payload.readUInt16BE();
  const known =
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
  if (!known) return 1002;
  return isUtf8(payload.subarray(2)) ? code : 1007;
}

/** `undefined` for a message without a response. */
function answerTo(opcode: number, content: Buffer): string | undefined {
  if (opcode === 2) return 'close 4400';
  if (!isUtf8(content)) return 'close 1007';
  let json: unknown;
  try {
    json = JSON.parse(content.toString());
  } catch {
    return 'close 4400';
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'close 4400';
  const parsed = clientMessage.safeParse(json);
  if (!parsed.success) return 'error invalid_message';
  const {type, requestId} = parsed.data;
  return type === 'session.heartbeat' ? undefined : `answer ${requestId ?? ''}`;
}
