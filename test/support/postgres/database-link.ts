/** A TCP proxy to a database. It can go silent for all connections or one, and can switch to another server. */
import {once} from 'node:events';
import net, {type AddressInfo} from 'node:net';

interface Pair {
  readonly near: net.Socket;
  readonly far: net.Socket;
  held: boolean;
}

export class DatabaseLink implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #pairs = new Set<Pair>();
  #target: number;
  #silent = false;

  private constructor(port: number) {
    this.#target = port;
    this.#server = net.createServer((near) => this.#pass(near));
  }

  /** @param port of the database, on loopback */
  static async to(port: number): Promise<DatabaseLink> {
    const link = new DatabaseLink(port);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    // A link that is not disposed must not keep the process alive.
    link.#server.unref();
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sends new connections to `port`. Open connections break, or stay as after a DNS change. */
  moveTo(port: number, {before = 'break'}: {readonly before?: 'break' | 'stay'} = {}): void {
    this.#target = port;
    if (before === 'break') this.#breakAll();
  }

  /** Stops all traffic without closing connections, like a network that drops packets. */
  silence(): void {
    this.#silent = true;
    for (const pair of this.#pairs) hold(pair);
  }

  /** Silences the connection that the database sees from `port`. Returns whether it exists. */
  silenceOne(port: number): boolean {
    const pair = [...this.#pairs].find(({far}) => far.localPort === port);
    if (pair !== undefined) hold(pair);
    return pair !== undefined;
  }

  /** Resumes all traffic, as TCP does after a short partition. */
  mend(): void {
    this.#silent = false;
    for (const pair of this.#pairs) {
      if (!pair.held) continue;
      pair.held = false;
      pair.near.pipe(pair.far);
      pair.far.pipe(pair.near);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#breakAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #breakAll(): void {
    for (const {near, far} of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  #pass(near: net.Socket): void {
    const far = net.connect(this.#target, '127.0.0.1');
    const pair: Pair = {near, far, held: false};
    this.#pairs.add(pair);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
      one.pipe(other);
    }
    if (this.#silent) hold(pair);
  }
}

function hold(pair: Pair): void {
  const {near, far} = pair;
  pair.held = true;
  near.unpipe(far).pause();
  far.unpipe(near).pause();
}
