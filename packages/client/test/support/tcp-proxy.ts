/** A proxy to the gateway whose connections a test can cut or stall. */
import {once} from 'node:events';
import net, {type AddressInfo, type Socket} from 'node:net';

export class TcpProxy implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** New connections are refused. */
  refusing = false;
  /** Bytes are dropped, but the connections stay open. */
  #stalled = false;
  /** The number of accepted connections. */
  accepted = 0;

  private constructor(target: () => number) {
    this.#server = net.createServer((near) => {
      near.on('error', () => {});
      if (this.refusing) {
        near.destroy();
        return;
      }
      this.accepted += 1;
      const far = net.connect(target(), '127.0.0.1');
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('error', () => to.destroy());
        from.on('data', (data) => {
          if (!this.#stalled) to.write(data);
        });
        from.on('close', () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  static async to(target: () => number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Closes every connection without a close frame. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  stall(stalled: boolean): void {
    this.#stalled = stalled;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
