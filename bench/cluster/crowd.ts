/** Sessions at several nodes. Each session sees every event. */
import {setTimeout as wait} from 'node:timers/promises';
import {CrowdSession} from './crowd-session.ts';

export interface CrowdOptions {
  /** Ports of the nodes. */
  readonly ports: readonly number[];
  readonly sessions: number;
}

const OPENING_AT_ONCE = 100;
const OPEN_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 5;

export class Crowd {
  readonly sessions: CrowdSession[] = [];
  /** When the first session of each node received each event (`performance.now()`), by offset. */
  readonly #firstAt: readonly Map<number, number>[];

  private constructor(nodes: number) {
    this.#firstAt = Array.from({length: nodes}, () => new Map<number, number>());
  }

  /** Opens sessions in equal parts at each node. Resolves when all are open. */
  static async open({ports, sessions: count}: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd(ports.length);
    const {sessions} = crowd;
    while (sessions.length < count) {
      const node = sessions.length % ports.length;
      // The sessions of a node spread over two other nodes. With three nodes, these are all other nodes.
      const step = 1 + (Math.floor(sessions.length / ports.length) % Math.max(1, ports.length - 1));
      sessions.push(new CrowdSession({ports, node, step, onEvent: (at, offset) => crowd.#note(at, offset)}));
      if (sessions.length % OPENING_AT_ONCE === 0 || sessions.length === count)
        await crowd.waitForOffset(0, OPEN_WITHIN_MS);
    }
    return crowd;
  }

  /** Sessions at the node with this index. */
  sessionsAt(node: number): number {
    return this.sessions.filter((session) => session.node === node).length;
  }

  /** Successful connects of all sessions so far. */
  get connections(): number {
    return this.sessions.reduce((sum, {connections}) => sum + connections, 0);
  }

  /** Resolves when each session is connected and has reached `offset`. @throws after the deadline */
  async waitForOffset(offset: number, deadlineMs: number): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    const isThere = (session: CrowdSession) => session.node !== undefined && session.offset >= offset;
    while (!this.sessions.every(isThere)) {
      if (performance.now() > deadline) {
        const missing = this.sessions.filter((session) => !isThere(session)).length;
        throw new Error(
          `after ${Math.round(deadlineMs)} ms ${missing} sessions had not reached offset ${offset}`,
        );
      }
      await wait(LOOK_EVERY_MS);
    }
  }

  /** For each event that this node delivered since then: milliseconds after the first node that delivered it. */
  delaysAt(node: number, since: number): readonly number[] {
    return [...(this.#firstAt[node] ?? [])]
      .filter(([, at]) => at >= since)
      .map(([offset, at]) => at - Math.min(...this.#firstAt.map((received) => received.get(offset) ?? at)));
  }

  close(): void {
    for (const session of this.sessions) session.close();
  }

  #note(node: number, offset: number): void {
    const received = this.#firstAt[node];
    if (received !== undefined && !received.has(offset)) received.set(offset, performance.now());
  }
}
