/** A session's socket whose peer reads only when the model says so. */
import {MAX_UNSENT_BYTES, type ServerMessage} from '@hookswitch/protocol';
import type {SessionSocket} from '../../../src/services/sessions/session.ts';

/** Below this size, a Node stream emits no `drain`. */
const HIGH_WATER_MARK = 16_384;

export interface ModelSocketEvents {
  readonly drained: () => void;
  readonly ponged: () => void;
  readonly closed: (code: number) => void;
}

export class ModelSocket implements SessionSocket {
  /** Messages that the peer has read, decoded. */
  readonly messages: ServerMessage[] = [];
  /** Close code of the server; `undefined` while open. */
  closeCode: number | undefined;
  /** Whether the peer was reading when the server closed. */
  wasReading = true;
  /** Maximum of unsent bytes. */
  peakUnsentBytes = 0;
  /** Writes while more bytes were unsent than W13 allows. */
  writesWhileFull = 0;
  drainMark = 0;
  #events: ModelSocketEvents | undefined;
  #reads = true;
  #gone = false;
  #needsDrain = false;
  #pingWaits = false;
  /** Writes that the peer has not read completely. */
  #unsent: Buffer[] = [];
  /** Bytes of the first unsent write that were read. */
  #taken = 0;
  #partial: Buffer = Buffer.alloc(0);

  /** Sets the listeners, because the socket exists before its session. */
  listen(events: ModelSocketEvents): void {
    this.#events = events;
  }

  get unsentBytes(): number {
    return this.#unsent.reduce((sum, write) => sum + write.length, 0);
  }

  get isOpen(): boolean {
    return !this.#gone && this.closeCode === undefined;
  }

  write(...frames: readonly Buffer[]): void {
    if (!this.isOpen) return;
    if (this.unsentBytes > MAX_UNSENT_BYTES) this.writesWhileFull += 1;
    this.#unsent.push(Buffer.concat(frames));
    if (this.#reads) this.#take(Number.POSITIVE_INFINITY);
    this.peakUnsentBytes = Math.max(this.peakUnsentBytes, this.unsentBytes);
    if (this.unsentBytes >= HIGH_WATER_MARK) this.#needsDrain = true;
  }

  ping(): void {
    this.#pingWaits = true;
    if (this.#reads) this.#pong();
  }

  close(code: number): void {
    if (!this.isOpen) return;
    this.closeCode = code;
    this.wasReading = this.#reads;
    // Unsent data is lost with the connection.
    queueMicrotask(() => this.#events?.closed(code));
  }

  terminate(): void {
    this.hangUp();
  }

  // --- The peer --------------------------------------------------------------------------------------------------

  stopReading(): void {
    this.#reads = false;
  }

  /** Reads some bytes and stops again. */
  readSome(bytes: number): void {
    if (this.isOpen) this.#take(bytes);
  }

  readOn(): void {
    this.#reads = true;
    this.readSome(Number.POSITIVE_INFINITY);
    this.#pong();
  }

  /** Drops the connection without a close frame. */
  hangUp(): void {
    if (this.#gone) return;
    const wasOpen = this.isOpen;
    this.#gone = true;
    if (wasOpen) queueMicrotask(() => this.#events?.closed(1006));
  }

  /** Answers a ping if the peer reads. */
  #pong(): void {
    if (!this.#pingWaits) return;
    this.#pingWaits = false;
    queueMicrotask(() => {
      if (this.isOpen) this.#events?.ponged();
    });
  }

  #take(bytes: number): void {
    for (let left = bytes; left > 0; ) {
      const [first] = this.#unsent;
      if (first === undefined) break;
      const piece = first.subarray(this.#taken, this.#taken + left);
      this.#taken += piece.length;
      this.drainMark += piece.length;
      left -= piece.length;
      if (this.#taken === first.length) {
        this.#unsent.shift();
        this.#taken = 0;
      }
      this.#decode(piece);
    }
    if (this.#unsent.length > 0 || !this.#needsDrain) return;
    this.#needsDrain = false;
    // In a later turn than the write that filled the buffer, as a stream does.
    queueMicrotask(() => {
      if (this.isOpen) this.#events?.drained();
    });
  }

  /** Decodes final, unmasked text frames (RFC 6455, section 5.2). */
  #decode(bytes: Buffer): void {
    this.#partial = this.#partial.length === 0 ? bytes : Buffer.concat([this.#partial, bytes]);
    for (;;) {
      const frame = this.#partial;
      if (frame.length < 2) return;
      if (frame[0] !== 0x81) throw new Error(`not a final text frame: ${frame[0]}`);
      const short = frame[1] ?? 0;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (frame.length < header) return;
      const length =
        short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
      if (frame.length < header + length) return;
      this.messages.push(JSON.parse(frame.toString('utf8', header, header + length)) as ServerMessage);
      this.#partial = frame.subarray(header + length);
    }
  }
}
