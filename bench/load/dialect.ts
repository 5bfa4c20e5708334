/** What a server speaks over its WebSocket, as far as a generator has to know to count. */

export interface Dialect {
  readonly path: string;
  /** Text messages that a session is greeted with. */
  readonly greetings: number;
  /** Sent once the upgrade was answered. */
  readonly hello?: Buffer;
  /** A text message is an event when it has this byte at this place, and no other message has. */
  readonly event: {readonly at: number; readonly byte: number};
  /** Pings and pongs are text messages of one byte, as Engine.IO has them, not control frames. */
  readonly textPings: boolean;
}

/** In `{"type":"call.status"`, and in no other message of the protocol, this byte is a `t`. */
const CALL_STATUS = {at: 15, byte: 0x74};

/** `session.ready` and `call.snapshot`. */
export const gatewayDialect: Dialect = {path: '/ws', greetings: 2, event: CALL_STATUS, textPings: false};

/** A plain WebSocket that says nothing but the events. */
export const plainDialect: Dialect = {...gatewayDialect, greetings: 0};

/** Engine.IO's open, then Socket.IO's connect, which is asked for; an event is `42[…`. */
export const socketIoDialect: Dialect = {
  path: '/socket.io/?EIO=4&transport=websocket',
  greetings: 2,
  hello: maskedText('40'),
  event: {at: 1, byte: 0x32},
  textPings: true,
};

/** A session that resumes is greeted with `session.ready` only. */
export function resumingDialect(epoch: string, offset: number): Dialect {
  return {...gatewayDialect, path: `/ws?epoch=${encodeURIComponent(epoch)}&offset=${offset}`, greetings: 1};
}

/** The gateway, to which each session says at once which calls it wants to hear of; that is answered by a snapshot. */
export function subscribingDialect(calls: readonly string[]): Dialect {
  const hello = maskedText(JSON.stringify({type: 'call.subscribe', calls}));
  return {...gatewayDialect, hello, greetings: gatewayDialect.greetings + 1};
}

/** A final text frame of up to 65,535 bytes, masked with zeros as a client's has to be. */
export function maskedText(text: string): Buffer {
  const payload = Buffer.from(text);
  const {length} = payload;
  const header = length < 126 ? [0x81, 0x80 | length] : [0x81, 0x80 | 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([...header, 0, 0, 0, 0]), payload]);
}
