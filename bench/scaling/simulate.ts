/**
 * Several nodes on one Postgres journal, as a small simulation of what happens when: callers, gathering, the queue for the head, commits,
 * the tails of the other nodes. The model (model.ts) says the same in formulas; they are held against each other, and both against what
 * was measured.
 */
import {SeededRandom} from '../../test/support/simulation-random.ts';
import {percentile} from '../report/statistics.ts';
import type {Costs} from './costs.ts';
import {type SimulatedGroup, SimulatedHead} from './simulated-head.ts';
import {SimulatedNode} from './simulated-node.ts';
import {Cores, Thread} from './threads.ts';
import {Timeline} from './timeline.ts';

/** `closed`: so many callers, each asks again when it is answered. `open`: requests come by themselves, with random gaps. */
export type Load =
  | {readonly kind: 'closed'; readonly inFlight: number}
  | {readonly kind: 'open'; readonly perSecond: number};

export interface SimulationOptions {
  readonly costs: Costs;
  readonly nodes: number;
  /** Of all nodes together; request i comes to node i modulo their number. */
  readonly load: Load;
  /** Entries to append. The first fifth is not counted in the figures. */
  readonly entries: number;
  readonly seed: number;
  /** Cores that the nodes share. @default one each */
  readonly nodeCores?: number;
  /** What of a time is chance: 0 is none, 1 is an exponential distribution. @default 0.2 */
  readonly spread?: number;
  /** CPU of a node for each entry that its sessions are told of, in µs. @default 0 */
  readonly tellUs?: number;
}

export interface SimulationResult {
  readonly perSecond: number;
  /** Entries of a group, mean. */
  readonly groupSize: number;
  /** From a request's coming to its answer, in ms. */
  readonly ack: Latency;
  /** From a request's coming at one node until the sessions of another one have been told, in ms. */
  readonly across: Latency;
  /** How much of the time the head was locked, 0 to 1. */
  readonly lockShare: number;
  /** How much of the time the busiest node's thread worked, 0 to 1. */
  readonly threadShare: number;
  /** Requests, from the beginning. */
  readonly answered: number;
  /** All of them, from the beginning. */
  readonly groups: readonly SimulatedGroup[];
}

export interface Latency {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const WARM_UP_SHARE = 0.2;
const MS_PER_S = 1000;
const DEFAULT_SPREAD = 0.2;

export function simulate(options: SimulationOptions): SimulationResult {
  const {costs, nodes: count, load, entries, seed, nodeCores = count, spread = DEFAULT_SPREAD} = options;
  const random = new SeededRandom(seed);
  const timeline = new Timeline();
  const head = new SimulatedHead(() => timeline.now);
  const cores = new Cores(timeline, nodeCores);
  const threads = Array.from({length: count}, () => new Thread(cores));
  const askedAt: number[] = [];
  const [acks, across]: [number[], number[]] = [[], []];
  let answered = 0;
  const isCounted = (request: number) => request >= entries * WARM_UP_SHARE;
  const ask = (chosen?: number) => {
    const request = askedAt.length;
    if (request >= entries) return;
    askedAt.push(timeline.now);
    nodes[chosen ?? request % count]?.ask(request);
  };
  const nodes = threads.map(
    (thread, index) =>
      new SimulatedNode({
        ...{index, costs, timeline, thread, head, random: random.fork(), spread},
        tellMs: (options.tellUs ?? 0) / MS_PER_S,
        onCommit: () => {
          for (const [other, node] of nodes.entries())
            if (other !== index) timeline.after(costs.gapMs / 4, () => node.wake());
        },
        onAnswer: (request) => {
          answered += 1;
          if (isCounted(request)) acks.push(timeline.now - (askedAt[request] ?? 0));
          if (load.kind === 'closed') ask(index);
        },
        onTold: (group) => {
          if (group.node === index) return;
          for (const request of group.requests)
            if (isCounted(request)) across.push(timeline.now - (askedAt[request] ?? 0));
        },
      }),
  );
  begin(load, {ask, timeline, random, entries});
  timeline.run();
  const counted = head.groups.filter(({requests}) => isCounted(requests[0] ?? 0));
  const committed = counted.reduce((sum, {requests}) => sum + requests.length, 0);
  const tookMs = (counted.at(-1)?.committedAt ?? 0) - (counted[0]?.committedAt ?? 0);
  return {
    perSecond: ((committed - (counted[0]?.requests.length ?? 0)) / tookMs) * MS_PER_S,
    groupSize: committed / counted.length,
    ack: latencyOf(acks),
    across: latencyOf(across),
    lockShare: head.lockedMs / timeline.now,
    threadShare: Math.max(...threads.map(({busyMs}) => busyMs)) / timeline.now,
    answered,
    groups: head.groups,
  };
}

interface Arrivals {
  readonly ask: () => void;
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly entries: number;
}

function begin(load: Load, {ask, timeline, random, entries}: Arrivals): void {
  if (load.kind === 'closed') {
    for (let caller = 0; caller < load.inFlight; caller += 1) ask();
    return;
  }
  const next = (left: number) => {
    if (left < 1) return;
    timeline.after((-Math.log(1 - random.next()) / load.perSecond) * MS_PER_S, () => {
      ask();
      next(left - 1);
    });
  };
  next(entries);
}

function latencyOf(values: number[]): Latency {
  const sorted = values.sort((a, b) => a - b);
  return {
    meanMs: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  };
}
