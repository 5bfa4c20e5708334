/** A TCP connection between browser and gateway that a test can cut or silence. */
import {once} from 'node:events';
import {type AddressInfo, createConnection, createServer, type Server, type Socket} from 'node:net';

export class Line implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target = 0;
  #state: 'up' | 'down' = 'up';

  private constructor() {
    this.#server = createServer((client) => this.#join(client));
  }

  static async open(): Promise<Line> {
    const line = new Line();
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  /** Sets the target port. */
  leadTo(port: number): void {
    this.#target = port;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Closes every connection, and every new one, until `restore`. */
  cut(): void {
    this.#state = 'down';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Existing connections pass no more data, without being closed. New connections work. */
  fallSilent(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  restore(): void {
    this.#state = 'up';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    if (this.#state === 'down') {
      client.destroy();
      return;
    }
    const gateway = createConnection(this.#target, '127.0.0.1');
    for (const [from, to] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
