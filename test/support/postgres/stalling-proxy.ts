/** A TCP proxy to a database that can drop all traffic, like a network that drops packets. */
import {once} from 'node:events';
import net, {type AddressInfo} from 'node:net';

export class StallingProxy implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  /** Both sockets of a connection, by the port that the database sees. */
  readonly #pairs = new Map<number, readonly net.Socket[]>();
  #stalled = false;

  private constructor(target: number) {
    this.#server = net.createServer((near) => this.#pass(near, net.connect(target, '127.0.0.1')));
  }

  /** @param target port of the database, on loopback */
  static async start(target: number): Promise<StallingProxy> {
    const proxy = new StallingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops traffic on all current and future connections. */
  stallAll(): void {
    this.#stalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Stops traffic on the connection that the database sees from `port`. */
  stall(port: number): void {
    const pair = this.#pairs.get(port);
    if (pair === undefined) throw new Error(`no connection comes from ${port}`);
    for (const socket of pair) socket.pause();
  }

  /** Resumes all traffic. */
  mend(): void {
    this.#stalled = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(near: net.Socket, far: net.Socket): void {
    far.once('connect', () => this.#pairs.set(far.localPort ?? 0, [near, far]));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (data) => to.write(data));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#stalled) from.pause();
    }
  }
}
