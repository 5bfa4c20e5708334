/** The session's socket port over `ws`: the library does handshake, parsing and control frames; we write the frames. */
import type {Socket} from 'node:net';
import type {WebSocket} from 'ws';
import type {SessionSocket} from '../services/session.ts';

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

  write(...frames: readonly Buffer[]): void {
    // After our close frame nothing may follow (RFC 6455, section 5.5.1).
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (frames.length === 1) {
      for (const frame of frames) this.#stream.write(frame);
      return;
    }
    this.#stream.cork();
    for (const frame of frames) this.#stream.write(frame);
    this.#stream.uncork();
  }

  ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    // `ws` ends the connection by itself if the peer does not answer within the server's `closeTimeout`.
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }
}
