/**
 * The session's socket port on top of `ws`. The library does handshake, parsing and control frames; we write
 * frames.
 */
import type {Socket} from 'node:net';
import {closeReasons} from '@hookswitch/protocol';
import {WebSocket} from 'ws';
import type {SessionSocket} from '../services/sessions/session.ts';

const {OPEN} = WebSocket;

/** How long a peer may take to answer our close frame. */
const ANSWER_TIMEOUT_MS = 3000;

/** Maximum time to close if the peer must first read everything that is unsent. */
export const CLOSE_TIMEOUT_MS = 10_000;

export class WsSocket implements SessionSocket {
  readonly #ws: WebSocket;
  /**
   * The stream of the upgrade. Without compression `ws` writes to it synchronously, so we write to it as
   * well.
   */
  readonly #stream: Socket;

  constructor(ws: WebSocket, stream: Socket) {
    this.#ws = ws;
    this.#stream = stream;
  }

  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  get drainMark(): number {
    // Node counts a write only once all of it has been sent. Only the handle knows the unsent part of the
    // current write. The property is internal to Node (its idle timeouts use it). Without it, only whole
    // writes are counted.
    const {_handle: handle} = this.#stream as {_handle?: {writeQueueSize?: number} | null};
    return this.#stream.bytesWritten - this.#stream.writableLength - (handle?.writeQueueSize ?? 0);
  }

  write(first: Buffer, ...more: readonly Buffer[]): void {
    // No frame may follow our close frame (RFC 6455, section 5.5.1).
    if (this.#ws.readyState !== OPEN) return;
    const stream = this.#stream;
    if (more.length === 0) {
      stream.write(first);
      return;
    }
    stream.cork();
    stream.write(first);
    for (const frame of more) stream.write(frame);
    stream.uncork();
  }

  ping(): void {
    if (this.#ws.readyState === OPEN) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
    // A slow peer has unread data before our close frame, so it gets the server's longer `closeTimeout`.
    if (code !== closeReasons['too-slow'].code) this.limitClosing();
  }

  /** Closes the connection if the peer does not answer our close frame in time. */
  limitClosing(): void {
    const timer = setTimeout(() => this.#ws.terminate(), ANSWER_TIMEOUT_MS);
    timer.unref();
    this.#ws.once('close', () => clearTimeout(timer));
  }

  terminate(): void {
    this.#ws.terminate();
  }
}
