/** The session's socket port over `ws`: the library does handshake, parsing and control frames; we write the frames. */
import type {Socket} from 'node:net';
import {closeReasons} from '@hookswitch/protocol';
import {WebSocket} from 'ws';
import type {SessionSocket} from '../services/sessions/session.ts';

const {OPEN} = WebSocket;

/** How long a peer may take to answer our close frame. */
const ANSWER_TIMEOUT_MS = 3000;

/** How long at most, when everything it did not read comes before it. */
export const CLOSE_TIMEOUT_MS = 10_000;

export class WsSocket implements SessionSocket {
  readonly #ws: WebSocket;
  /** The stream the upgrade came on. `ws` writes to it synchronously as long as nothing is compressed, so do we. */
  readonly #stream: Socket;

  constructor(ws: WebSocket, stream: Socket) {
    this.#ws = ws;
    this.#stream = stream;
  }

  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  get drainMark(): number {
    // Node counts a write only when all of it was taken; how much of the current one is left, only the handle knows.
    // The property is node's own (its idle timeouts look at it); without it, whole writes are what counts.
    const {_handle: handle} = this.#stream as {_handle?: {writeQueueSize?: number} | null};
    return this.#stream.bytesWritten - this.#stream.writableLength - (handle?.writeQueueSize ?? 0);
  }

  write(first: Buffer, ...more: readonly Buffer[]): void {
    // After our close frame nothing may follow (RFC 6455, section 5.5.1).
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
    // Whoever did not read has our close frame behind everything else: they are given the server's `closeTimeout`.
    if (code !== closeReasons['too-slow'].code) this.limitClosing();
  }

  /** Ends the connection if the peer does not answer our close frame soon. */
  limitClosing(): void {
    const timer = setTimeout(() => this.#ws.terminate(), ANSWER_TIMEOUT_MS);
    timer.unref();
    this.#ws.once('close', () => clearTimeout(timer));
  }

  terminate(): void {
    this.#ws.terminate();
  }
}
