/** The session's socket port over `ws`: the library does handshake, parsing and control frames; we write the frames. */
import type {Duplex} from 'node:stream';
import type {WebSocket} from 'ws';
import type {SessionSocket} from '../services/session.ts';

export class WsSocket implements SessionSocket {
  readonly #ws: WebSocket;
  /** The stream the upgrade came on. `ws` writes to it synchronously as long as nothing is compressed, so do we. */
  readonly #stream: Duplex;

  constructor(ws: WebSocket, stream: Duplex) {
    this.#ws = ws;
    this.#stream = stream;
  }

  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  write(frames: Buffer): void {
    // After our close frame nothing may follow (RFC 6455, section 5.5.1).
    if (this.#ws.readyState === this.#ws.OPEN) this.#stream.write(frames);
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
