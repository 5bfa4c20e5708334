/**
 * A keep-alive connection that posts one webhook at a time. It parses just enough HTTP to recognize a 204, because a
 * full client would use more CPU than the measured servers, which share the machine.
 */
import {once} from 'node:events';
import {connect, type Socket} from 'node:net';

const ANSWERED = 'HTTP/1.1 204 ';
const END_OF_HEAD = '\r\n\r\n';

interface Exchange {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class HttpConnection {
  readonly #socket: Socket;
  #exchange: Exchange | undefined;
  #head = '';
  #failure: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({port, host: '127.0.0.1', noDelay: true});
    await once(socket, 'connect');
    return new HttpConnection(socket);
  }

  /** Open these per round, because servers close connections that are idle for some seconds. */
  static openSeveral(port: number, count: number): Promise<HttpConnection[]> {
    return Promise.all(Array.from({length: count}, () => HttpConnection.open(port)));
  }

  /** Writes a complete request. Resolves with the 204. */
  post(request: Buffer): Promise<void> {
    const {promise, resolve, reject} = Promise.withResolvers<void>();
    this.#exchange = {resolve, reject};
    if (this.#failure === undefined) this.#socket.write(request);
    else reject(this.#failure);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#head += chunk.toString('latin1');
    // A 204 has no body, so the response ends with its head.
    if (!this.#head.endsWith(END_OF_HEAD)) return;
    const head = this.#head;
    this.#head = '';
    if (!head.startsWith(ANSWERED)) this.#fail(new Error(`unexpected response to a webhook: ${head}`));
    else this.#exchange?.resolve();
    this.#exchange = undefined;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#exchange?.reject(error);
    this.#exchange = undefined;
  }
}
