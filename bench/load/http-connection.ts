/**
 * A keep-alive connection that posts webhooks, one at a time. Knows just enough HTTP to see a 204: a real client costs
 * more than the servers that are measured here, and the two share the machine.
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

  /** Servers close what has been idle for some seconds: connections are opened for a round, not for a run. */
  static openSeveral(port: number, count: number): Promise<HttpConnection[]> {
    return Promise.all(Array.from({length: count}, () => HttpConnection.open(port)));
  }

  /** Writes a complete request; resolves with the 204. */
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
    // A 204 has no body, so that it ends where its head does.
    if (!this.#head.endsWith(END_OF_HEAD)) return;
    const head = this.#head;
    this.#head = '';
    if (!head.startsWith(ANSWERED)) this.#fail(new Error(`a webhook was answered: ${head}`));
    else this.#exchange?.resolve();
    this.#exchange = undefined;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#exchange?.reject(error);
    this.#exchange = undefined;
  }
}
