/** A simple load balancer: polls `/readyz` of each node and sends new connections to the first ready node. */
import {once} from 'node:events';
import net, {type AddressInfo} from 'node:net';

const PROBE_EVERY_MS = 25;

export interface BalancedConnection {
  /** Port of the node. */
  readonly port: number;
  /** The value of `now()` at that moment. */
  readonly at: number;
}

export class Balancer implements AsyncDisposable {
  /** Every connection so far. */
  readonly connections: BalancedConnection[] = [];
  /** Ports in order of preference. */
  readonly #ports: readonly number[];
  readonly #now: () => number;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #ready = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(ports: readonly number[], now: () => number) {
    this.#ports = ports;
    this.#now = now;
    this.#server = net.createServer((near) => this.#forward(near));
  }

  /** @param now returns the timestamp of connections @default the monotonic clock, in ms */
  static async start(ports: readonly number[], now = () => performance.now()): Promise<Balancer> {
    const balancer = new Balancer(ports, now);
    balancer.#server.listen(0, '127.0.0.1');
    await once(balancer.#server, 'listening');
    balancer.#timer = setInterval(() => void balancer.#probe(), PROBE_EVERY_MS);
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Port for the next connection. */
  get target(): number | undefined {
    return this.#ports.find((port) => this.#ready.has(port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #forward(near: net.Socket): void {
    const port = this.target;
    if (port === undefined) {
      near.destroy();
      return;
    }
    this.connections.push({port, at: this.#now()});
    const far = net.connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  async #probe(): Promise<void> {
    for (const port of this.#ports) {
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`, {headers: {connection: 'close'}}).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) this.#ready.add(port);
      else this.#ready.delete(port);
    }
  }
}
