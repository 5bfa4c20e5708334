/** Sessions at several nodes, all of which are told of everything. */
import {setTimeout as wait} from 'node:timers/promises';
import {CrowdSession} from './crowd-session.ts';

export interface CrowdOptions {
  /** Of the nodes. */
  readonly ports: readonly number[];
  readonly sessions: number;
}

const OPENING_AT_ONCE = 100;
const OPEN_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 5;

export class Crowd {
  readonly sessions: CrowdSession[] = [];
  /** When the first session of each node was told of each event (`performance.now()`), by offset. */
  readonly #firstAt: readonly Map<number, number>[];

  private constructor(nodes: number) {
    this.#firstAt = Array.from({length: nodes}, () => new Map<number, number>());
  }

  /** In equal parts at each node; resolves when all are in. */
  static async open({ports, sessions: count}: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd(ports.length);
    const {sessions} = crowd;
    while (sessions.length < count) {
      const node = sessions.length % ports.length;
      // Half of each node's to each of two others. With three nodes every step gets to all of them.
      const step = 1 + (Math.floor(sessions.length / ports.length) % Math.max(1, ports.length - 1));
      sessions.push(new CrowdSession({ports, node, step, onEvent: (at, offset) => crowd.#note(at, offset)}));
      if (sessions.length % OPENING_AT_ONCE === 0 || sessions.length === count)
        await crowd.reaches(0, OPEN_WITHIN_MS);
    }
    return crowd;
  }

  /** How many are at the node of that index. */
  at(node: number): number {
    return this.sessions.filter((session) => session.node === node).length;
  }

  /** Connections so far, of all of them. */
  get connections(): number {
    return this.sessions.reduce((sum, {connections}) => sum + connections, 0);
  }

  /** Resolves when each session is at a node, and was brought that far. @throws when that is not so in time */
  async reaches(offset: number, deadlineMs: number): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    const isThere = (session: CrowdSession) => session.node !== undefined && session.offset >= offset;
    while (!this.sessions.every(isThere)) {
      if (performance.now() > deadline) {
        const missing = this.sessions.filter((session) => !isThere(session)).length;
        throw new Error(`after ${Math.round(deadlineMs)} ms ${missing} sessions were not at ${offset}`);
      }
      await wait(LOOK_EVERY_MS);
    }
  }

  /** Milliseconds from when any node told of an event until this one did, of each event that it has told of since. */
  delaysAt(node: number, since: number): readonly number[] {
    return [...(this.#firstAt[node] ?? [])]
      .filter(([, at]) => at >= since)
      .map(([offset, at]) => at - Math.min(...this.#firstAt.map((told) => told.get(offset) ?? at)));
  }

  close(): void {
    for (const session of this.sessions) session.close();
  }

  #note(node: number, offset: number): void {
    const told = this.#firstAt[node];
    if (told !== undefined && !told.has(offset)) told.set(offset, performance.now());
  }
}
