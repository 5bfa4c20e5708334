/** The gateways of a simulation from outside: which ones are reachable. */
import type {CrashGateway} from '../crash/crash-gateway.ts';
import {Gate} from './clock.ts';
import type {Deployment} from './deployment.ts';
import {must, type Trace} from './trace.ts';

export class SimulatedNode {
  readonly name: string;
  readonly gateway: CrashGateway;
  /** Sessions that it closed with 1001. */
  closedSessions = 0;
  /** `draining`: SIGTERM was sent, and the process still accepts requests. */
  state: 'down' | 'up' | 'draining' = 'down';

  constructor(name: string, gateway: CrashGateway) {
    this.name = name;
    this.gateway = gateway;
  }
}

export class SimulatedNodes {
  readonly all: readonly SimulatedNode[];
  readonly #deployment: Deployment;
  readonly #trace: Trace;
  readonly #someReachable = new Gate();
  readonly #someUp = new Gate();
  readonly #database = new Gate();
  #epoch: string | undefined;
  #ended = false;

  constructor(deployment: Deployment, trace: Trace) {
    const {gateways} = deployment;
    this.#deployment = deployment;
    this.#trace = trace;
    this.all = gateways.map(
      (gateway, index) => new SimulatedNode(gateways.length === 1 ? 'gateway' : `node ${index + 1}`, gateway),
    );
    this.#database.open();
  }

  /** The public URL of all nodes. */
  get publicUrl(): string {
    return this.#deployment.publicUrl;
  }

  /** The epoch of all starts so far. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** Whether the simulation has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @throws Error after the end of the simulation */
  assertRunning(): void {
    if (this.#ended) throw new Error('the simulation has ended');
  }

  /** The next node from `first` on that accepts connections. Waits while there is none. */
  async reachable(first: number): Promise<SimulatedNode> {
    for (;;) {
      const found = this.#next(first, ({state}) => state !== 'down');
      if (found !== undefined) return found;
      await this.#someReachable.passed();
    }
  }

  /** The next node from `first` on without a disturbance. Waits while there is none. */
  async undisturbed(first: number): Promise<SimulatedNode> {
    for (;;) {
      const found = this.#next(first, ({state}) => state === 'up');
      if (found !== undefined) return found;
      await this.#someUp.passed();
    }
  }

  async startAll(): Promise<void> {
    await Promise.all(this.all.map((node) => this.start(node)));
  }

  async start(node: SimulatedNode): Promise<void> {
    this.assertRunning();
    const {epoch, head} = await node.gateway.start();
    this.#trace.add('gateway', `${node.name} listens, head ${head}`);
    this.#epoch ??= epoch;
    must(epoch === this.#epoch, 'gateway', `[J7] started with epoch ${epoch} after ${this.#epoch}`);
    this.#set(node, 'up');
  }

  /** Kills the node at once, with requests in flight. */
  async kill(node: SimulatedNode, why: string): Promise<void> {
    this.#set(node, 'down');
    await node.gateway.kill();
    this.#trace.add('gateway', `${node.name} was killed ${why}`);
  }

  /** Drains the node. Resolves with the exit code. */
  async drain(node: SimulatedNode): Promise<number | null> {
    this.#trace.add('gateway', `${node.name} drains`);
    this.#set(node, 'draining');
    const code = await node.gateway.terminate();
    this.#set(node, 'down');
    this.#trace.add('gateway', `${node.name} exited with code ${code}`);
    return code;
  }

  async restartDatabase(): Promise<void> {
    this.#database.shut();
    this.#trace.add('gateway', 'the database is stopped as in a crash');
    this.assertRunning();
    await this.#deployment.restartDatabase?.();
    this.#trace.add('gateway', 'the database is back');
    this.#database.open();
  }

  /** Whether the database is stopped or restarting. */
  get databaseIsAway(): boolean {
    return !this.#database.isOpen;
  }

  databaseIsBack(): Promise<void> {
    return this.#database.passed();
  }

  end(): void {
    this.#ended = true;
  }

  #next(first: number, fits: (node: SimulatedNode) => boolean): SimulatedNode | undefined {
    const at = first % this.all.length;
    return [...this.all.slice(at), ...this.all.slice(0, at)].find(fits);
  }

  #set(node: SimulatedNode, state: SimulatedNode['state']): void {
    node.state = state;
    set(this.#someReachable, this.#next(0, (each) => each.state !== 'down') !== undefined);
    set(this.#someUp, this.#next(0, (each) => each.state === 'up') !== undefined);
  }
}

function set(gate: Gate, open: boolean): void {
  if (open) gate.open();
  else gate.shut();
}
