/** The parts of a server's WebSocket protocol that a load generator needs in order to count events. */

export interface Dialect {
  readonly path: string;
  /** Text messages at the start of a session. */
  readonly greetings: number;
  /** Sent after the upgrade. */
  readonly hello?: Buffer;
  /** A text message is an event if it has this byte at this position. No other message has it. */
  readonly event: {readonly at: number; readonly byte: number};
  /** Whether pings and pongs are text messages of one byte (Engine.IO) instead of control frames. */
  readonly textPings: boolean;
}

/** In `{"type":"call.status"`, and in no other message of the protocol, this byte is a `t`. */
const CALL_STATUS = {at: 15, byte: 0x74};

/** `session.ready` and `call.snapshot`. */
export const gatewayDialect: Dialect = {path: '/ws', greetings: 2, event: CALL_STATUS, textPings: false};

/** A plain WebSocket that sends only events. */
export const plainDialect: Dialect = {...gatewayDialect, greetings: 0};

/** Engine.IO's open packet, then Socket.IO's connect packet, which the client requests. An event is `42[…`. */
export const socketIoDialect: Dialect = {
  path: '/socket.io/?EIO=4&transport=websocket',
  greetings: 2,
  hello: maskedText('40'),
  event: {at: 1, byte: 0x32},
  textPings: true,
};

/** A resuming session starts with `session.ready` only. */
export function resumingDialect(epoch: string, offset: number): Dialect {
  return {...gatewayDialect, path: `/ws?epoch=${encodeURIComponent(epoch)}&offset=${offset}`, greetings: 1};
}

/** A gateway session that subscribes to calls. The gateway answers with a snapshot. */
export function subscribingDialect(calls: readonly string[]): Dialect {
  const hello = maskedText(JSON.stringify({type: 'call.subscribe', calls}));
  return {...gatewayDialect, hello, greetings: gatewayDialect.greetings + 1};
}

/** A final text frame of up to 65,535 bytes, masked with zeros because clients must mask. */
export function maskedText(text: string): Buffer {
  const payload = Buffer.from(text);
  const {length} = payload;
  const header = length < 126 ? [0x81, 0x80 | length] : [0x81, 0x80 | 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([...header, 0, 0, 0, 0]), payload]);
}
