/** A minimal HTTP client: sends raw bytes one request at a time, and reconnects if the connection ended. */
import {connect, type Socket} from 'node:net';

export interface RawAnswer {
  /** 0 if the connection ended without a response. */
  readonly status: number;
  readonly body: string;
}

export class RawHttpClient {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = '';
  #waiting: ((answer: RawAnswer) => void) | undefined;

  /** @param url any URL with the local port to connect to */
  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  /** Sends the bytes. Resolves with the response. */
  ask(bytes: Buffer): Promise<RawAnswer> {
    const {promise, resolve} = Promise.withResolvers<RawAnswer>();
    this.#received = '';
    this.#waiting = resolve;
    this.#connection().write(bytes);
    return promise;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connection(): Socket {
    if (this.#socket?.writable === true) return this.#socket;
    const socket = connect(this.#port, '127.0.0.1');
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text) => this.#take(socket, String(text)));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#answer(0, this.#received);
    });
    this.#socket = socket;
    return socket;
  }

  #take(socket: Socket, text: string): void {
    if (this.#socket !== socket) return;
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = this.#received.slice(0, headEnd);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const body = this.#received.slice(headEnd + 4);
    if (body.length < length) return;
    if (/^connection: *close/im.test(head)) {
      this.#socket = undefined;
      socket.destroy();
    }
    this.#answer(Number(head.split(' ')[1]), body);
  }

  #answer(status: number, body: string): void {
    const resolve = this.#waiting;
    this.#waiting = undefined;
    resolve?.({status, body});
  }
}
