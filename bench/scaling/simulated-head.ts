/** The journal as the simulation has it: a row that one locks at a time, and the groups that were committed. */

/** A transaction that was committed. */
export interface SimulatedGroup {
  readonly node: number;
  /** Who asked, in the order of their entries. */
  readonly requests: readonly number[];
  /** Offset of its first entry. */
  readonly first: number;
  readonly last: number;
  /** Milliseconds since the beginning. */
  readonly lockedAt: number;
  readonly committedAt: number;
}

export class SimulatedHead {
  readonly groups: SimulatedGroup[] = [];
  #holder: number | undefined;
  #lockedAt = 0;
  #lockedMs = 0;
  readonly #waiting: {readonly node: number; readonly granted: () => void}[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Offset of the last entry. */
  get offset(): number {
    return this.groups.at(-1)?.last ?? 0;
  }

  /** How long it was locked altogether, in ms. */
  get lockedMs(): number {
    return this.#lockedMs;
  }

  /** Those who wait have it in the order in which they came, as Postgres queues for a row. */
  lock(node: number, granted: () => void): void {
    if (this.#holder !== undefined) {
      this.#waiting.push({node, granted});
      return;
    }
    this.#holder = node;
    this.#lockedAt = this.#now();
    granted();
  }

  /** @throws Error — whoever commits has not locked it */
  commit(node: number, requests: readonly number[]): SimulatedGroup {
    if (this.#holder !== node)
      throw new Error(`node ${node} commits, and ${this.#holder ?? 'nobody'} has the head`);
    const first = this.offset + 1;
    const group: SimulatedGroup = {
      ...{node, requests, first, last: first + requests.length - 1},
      ...{lockedAt: this.#lockedAt, committedAt: this.#now()},
    };
    this.#lockedMs += group.committedAt - group.lockedAt;
    this.groups.push(group);
    this.#holder = undefined;
    const next = this.#waiting.shift();
    if (next !== undefined) this.lock(next.node, next.granted);
    return group;
  }

  /** Groups that begin after `offset`, as far as so many entries reach. */
  after(offset: number, limit: number): readonly SimulatedGroup[] {
    let from = this.groups.length;
    while (from > 0 && (this.groups[from - 1]?.first ?? 0) > offset) from -= 1;
    return this.groups.slice(from).filter(({last}) => last <= offset + limit);
  }
}
