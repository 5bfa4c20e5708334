/**
 * A TCP load balancer: each new connection goes to the next ready node in turn. A node that does not respond loses its
 * connections, as behind any balancer with health checks. A node that returns 503 keeps them.
 */
import {once} from 'node:events';
import net, {type AddressInfo} from 'node:net';

const PROBE_EVERY_MS = 200;
const ANSWER_WITHIN_MS = 1500;

type Health = 'ready' | 'not-ready' | 'gone';

export class NodeBalancer implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #sockets = new Map<net.Socket, number>();
  readonly #health = new Map<number, Health>();
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;

  private constructor() {
    this.#server = net.createServer((near) => {
      this.#sockets.set(near, 0);
      near.on('error', () => {});
      near.on('close', () => this.#sockets.delete(near));
      this.#forward(near, this.#candidates());
    });
  }

  /** Listens. The nodes are added later by `begin`, because they need the balancer's URL to start. */
  static async open(): Promise<NodeBalancer> {
    const balancer = new NodeBalancer();
    balancer.#server.listen(0, '127.0.0.1');
    await once(balancer.#server, 'listening');
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  begin(ports: readonly number[]): void {
    for (const port of ports) this.#health.set(port, 'ready');
    this.#timer = setInterval(() => {
      for (const port of ports) void this.#probe(port);
    }, PROBE_EVERY_MS);
  }

  /** Whether new connections go to this port. */
  isReady(port: number): boolean {
    return this.#health.get(port) === 'ready';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#sockets.keys()) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The ready nodes, the next one first. If no node is ready, all nodes, so that one of them returns the 503. */
  #candidates(): readonly number[] {
    const ports = [...this.#health.keys()];
    const ready = ports.filter((port) => this.isReady(port));
    const chosen = ready.length > 0 ? ready : ports;
    this.#turn += 1;
    const at = this.#turn % Math.max(1, chosen.length);
    return [...chosen.slice(at), ...chosen.slice(0, at)];
  }

  #forward(near: net.Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) {
      near.destroy();
      return;
    }
    const far = net.connect(port, '127.0.0.1');
    const refused = () => this.#forward(near, others);
    far.once('error', refused);
    far.once('connect', () => {
      far.off('error', refused);
      far.on('error', () => near.destroy());
      far.on('close', () => {
        this.#sockets.delete(far);
        near.destroy();
      });
      near.on('close', () => far.destroy());
      this.#sockets.set(far, port);
      near.pipe(far);
      far.pipe(near);
    });
  }

  async #probe(port: number): Promise<void> {
    const health = await fetch(`http://127.0.0.1:${port}/readyz`, {
      headers: {connection: 'close'},
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }).then(
      (response): Health => (response.ok ? 'ready' : 'not-ready'),
      (): Health => 'gone',
    );
    this.#health.set(port, health);
    if (health !== 'gone') return;
    for (const [socket, target] of this.#sockets) if (target === port) socket.destroy();
  }
}
