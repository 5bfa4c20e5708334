/** A WebSocket client that records every message. */
import {once} from 'node:events';
import {BEARER_SUBPROTOCOL_PREFIX, type ServerMessage, SUBPROTOCOL} from '@hookswitch/protocol';
import {serverMessage} from '@hookswitch/protocol/schemas';
import {WebSocket} from 'ws';
import {until} from '../until.ts';

export interface ConnectOptions {
  /** Sent in the subprotocol, as by a browser; `undefined` for none. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly resume?: {readonly epoch: string; readonly offset: number};
  readonly query?: string;
  readonly autoPong?: boolean;
}

type MessageOf<Type extends ServerMessage['type']> = Extract<ServerMessage, {type: Type}>;

export class TestClient {
  readonly ws: WebSocket;
  /** All messages in order, validated against the protocol's schemas. */
  readonly messages: ServerMessage[] = [];
  /** The raw texts of the messages. */
  readonly raw: string[] = [];
  closeCode: number | undefined;
  closeReason = '';

  constructor(wsUrl: string, {token, headers, resume, query, autoPong = true}: ConnectOptions = {}) {
    const search = resume === undefined ? (query ?? '') : `?epoch=${resume.epoch}&offset=${resume.offset}`;
    const protocols = token === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, BEARER_SUBPROTOCOL_PREFIX + token];
    this.ws = new WebSocket(wsUrl + search, protocols, {headers, autoPong});
    this.ws.on('message', (data) => {
      const text = (data as Buffer).toString();
      this.raw.push(text);
      this.messages.push(serverMessage.parse(JSON.parse(text)));
    });
    this.ws.on('close', (code, reason) => {
      this.closeCode = code;
      this.closeReason = String(reason);
    });
    this.ws.on('error', () => {});
  }

  /** Resolves after the upgrade. */
  async opened(): Promise<this> {
    if (this.ws.readyState === WebSocket.CONNECTING) await once(this.ws, 'open');
    return this;
  }

  /** Resolves with the close code. */
  async closed(timeoutMs = 10_000): Promise<number> {
    return until(() => this.closeCode, {what: 'the socket to close', timeoutMs});
  }

  send(message: unknown): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Messages of a type so far. */
  of<Type extends ServerMessage['type']>(type: Type): MessageOf<Type>[] {
    return this.messages.filter((message): message is MessageOf<Type> => message.type === type);
  }

  /** Resolves with the first matching message, also if it has already arrived. */
  async receive<Type extends ServerMessage['type']>(
    type: Type,
    fits: (message: MessageOf<Type>) => boolean = () => true,
    timeoutMs = 10_000,
  ): Promise<MessageOf<Type>> {
    return until(() => this.of(type).find(fits), {what: `${type} ${fits.toString()}`, timeoutMs});
  }

  /** Resolves with `session.ready`. */
  async ready(): Promise<MessageOf<'session.ready'>> {
    return this.receive('session.ready');
  }

  /** Resume position: the epoch, and the last offset in a message. */
  position(): {epoch: string; offset: number} {
    const epoch = this.of('session.ready')[0]?.epoch;
    const offset = this.messages.findLast((message) => 'offset' in message)?.offset;
    if (epoch === undefined || offset === undefined) throw new Error('nothing was received yet');
    return {epoch, offset};
  }

  async close(): Promise<void> {
    this.ws.close();
    await this.closed();
  }

  /** Drops the connection without a close frame, like a phone that loses its network. */
  terminate(): void {
    this.ws.terminate();
  }
}
