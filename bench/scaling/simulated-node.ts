/**
 * A node as the simulation has it: the writer gathers while its transaction is under way, as `PostgresWriter` does; the tail reads
 * what others committed, and an append is answered once all before it is known here, as `HeadTail` has it.
 */
import type {SeededRandom} from '../../test/support/simulation-random.ts';
import {type Costs, MAX_GROUP, TELL_SLICE_MS} from './costs.ts';
import type {SimulatedGroup, SimulatedHead} from './simulated-head.ts';
import type {Thread} from './threads.ts';
import type {Timeline} from './timeline.ts';

export interface SimulatedNodeOptions {
  readonly index: number;
  readonly costs: Costs;
  readonly timeline: Timeline;
  readonly thread: Thread;
  readonly head: SimulatedHead;
  readonly random: SeededRandom;
  /** What of a time is chance: 0 is none, 1 is an exponential distribution. */
  readonly spread: number;
  /** CPU for each entry that its sessions are told of, in ms. */
  readonly tellMs: number;
  readonly onCommit: (group: SimulatedGroup) => void;
  readonly onAnswer: (request: number) => void;
  /** Its sessions have been told of the group. */
  readonly onTold: (group: SimulatedGroup) => void;
}

/** From `TAIL_PAGE` of src/journal/postgres/reader/reader-queries.ts. */
const TAIL_PAGE = 1000;
/** From the lock to the commit the answer comes to the node's thread so often: it loads, it writes, it commits. */
const TURNS = 3;
const US_PER_MS = 1000;

export class SimulatedNode {
  readonly #options: SimulatedNodeOptions;
  #queue: number[] = [];
  #writing = false;
  /** Everything up to here is known to this node. */
  #known = 0;
  #waiting: SimulatedGroup[] = [];
  #untold: SimulatedGroup[] = [];
  #telling = false;
  #woken = false;
  #following = false;

  constructor(options: SimulatedNodeOptions) {
    this.#options = options;
  }

  /** A webhook: what it costs outside of the lock comes first. */
  ask(request: number): void {
    const {costs, thread} = this.#options;
    thread.run(costs.node.entryUs / US_PER_MS - costs.threadMs, () => {
      this.#queue.push(request);
      if (!this.#writing) this.#begin();
    });
  }

  /** Another node has committed. */
  wake(): void {
    this.#woken = true;
    if (!this.#following) this.#follow();
  }

  #begin(): void {
    const {costs, timeline, head, index} = this.#options;
    this.#writing = true;
    timeline.after(this.#around(costs.gapMs), () => head.lock(index, () => this.#locked()));
  }

  #locked(): void {
    const {costs} = this.#options;
    // Taken only now: everything that came while others had the head.
    const group = this.#queue.splice(0, MAX_GROUP);
    const threadMs = costs.threadMs * group.length + threadOfGroupMs(costs);
    const heldMs = costs.groupMs + costs.entryMs * group.length;
    this.#turn(group, threadMs / TURNS, this.#around(heldMs - threadMs) / TURNS, TURNS);
  }

  #turn(group: readonly number[], threadMs: number, databaseMs: number, left: number): void {
    const {timeline, thread} = this.#options;
    if (left === 0) {
      this.#commit(group);
      return;
    }
    thread.run(threadMs, () =>
      timeline.after(databaseMs, () => this.#turn(group, threadMs, databaseMs, left - 1)),
    );
  }

  #commit(requests: readonly number[]): void {
    const {head, index, onCommit} = this.#options;
    const group = head.commit(index, requests);
    onCommit(group);
    this.#waiting.push(group);
    this.#settle();
    if (this.#waiting.length > 0) this.wake();
    if (this.#queue.length > 0) this.#begin();
    else this.#writing = false;
  }

  #follow(): void {
    const {costs, timeline, thread, head, index} = this.#options;
    this.#woken = false;
    this.#following = true;
    const roundTripMs = this.#around(costs.gapMs / 2);
    timeline.after(roundTripMs / 2, () => {
      const page = head.after(this.#known, TAIL_PAGE);
      const isWhole = (page.at(-1)?.last ?? this.#known) === head.offset;
      const foreign = page.filter(({node}) => node !== index);
      const entries = foreign.reduce((sum, {requests}) => sum + requests.length, 0);
      const {readEntryUs, readGroupUs} = costs.node;
      const workMs = (entries * readEntryUs + foreign.length * readGroupUs) / US_PER_MS;
      timeline.after(roundTripMs / 2, () => thread.run(workMs, () => this.#takeIn(page, isWhole)));
    });
  }

  #takeIn(page: readonly SimulatedGroup[], isWhole: boolean): void {
    for (const group of page) if (group.first === this.#known + 1) this.#know(group);
    this.#settle();
    if (this.#woken || this.#waiting.length > 0 || !isWhole) this.#follow();
    else this.#following = false;
  }

  #settle(): void {
    for (let group = this.#waiting[0]; group !== undefined; group = this.#waiting[0]) {
      if (group.first > this.#known + 1) return;
      if (group.last > this.#known) this.#know(group);
      this.#waiting.shift();
      for (const request of group.requests) this.#options.onAnswer(request);
    }
  }

  #know(group: SimulatedGroup): void {
    this.#known = group.last;
    this.#untold.push(group);
    if (!this.#telling) this.#beginRound();
  }

  /** One round at a time, as `SessionDelivery` has it: what comes meanwhile is the next one. */
  #beginRound(): void {
    const round = this.#untold.splice(0);
    const entries = round.reduce((sum, {requests}) => sum + requests.length, 0);
    this.#telling = true;
    this.#tell(round, this.#options.tellMs * entries);
  }

  /** Some sessions, and then the rest, after what else there is to do. */
  #tell(round: readonly SimulatedGroup[], leftMs: number): void {
    const {thread, onTold} = this.#options;
    const forMs = Math.min(leftMs, TELL_SLICE_MS);
    thread.run(forMs, () => {
      if (leftMs > forMs) {
        this.#tell(round, leftMs - forMs);
        return;
      }
      for (const group of round) onTold(group);
      this.#telling = false;
      if (this.#untold.length > 0) this.#beginRound();
    });
  }

  /** A time of which `ms` is the mean. */
  #around(ms: number): number {
    const {random, spread} = this.#options;
    return ms * (1 - spread - spread * Math.log(1 - random.next()));
  }
}

/** What of a group's own time is the node's thread. */
function threadOfGroupMs({node, groupMs}: Costs): number {
  return Math.min(node.groupUs / US_PER_MS, groupMs);
}
