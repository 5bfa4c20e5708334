/**
 * Several nodes on one Postgres journal, in formulas; docs/SCALING.md explains them. Times are in ms, rates within this file in entries
 * per ms. Each says how large groups become, how busy what is, and how long an answer takes at the mean.
 *
 * It assumes that webhooks come evenly to all nodes and independently of each other, that the queue for the head is fair, that a
 * group takes a + b·k, and that a node's thread and Postgres do not wait for each other's cores (unless `nodeCores` says so).
 */
import {type Costs, heldMs, MAX_GROUP, TELL_SLICE_MS} from './costs.ts';

export interface Prediction {
  readonly perSecond: number;
  /** k: entries of a group, mean. */
  readonly groupSize: number;
  /** From a request's coming to its answer, mean. */
  readonly ackMs: number;
  /** From a request's coming at one node until the sessions of another one have been told, mean; `NaN` with one node. */
  readonly acrossMs: number;
  /** How much of the time the head is locked, 0 to 1. Near 1 it is in use all the time, and not at its end: groups grow. */
  readonly lockShare: number;
  /** How much of its time each node's thread works, 0 to 1. */
  readonly threadShare: number;
}

export interface NodesOptions {
  readonly nodes: number;
  /** Cores that the nodes share. @default one each */
  readonly nodeCores?: number;
  /** CPU of a node for each entry that its sessions are told of, in µs. @default 0 */
  readonly tellUs?: number;
}

const PER_S = 1000;
const US = 1000;
const ITERATIONS = 200;
const BISECTIONS = 30;
/** A change that is smaller, as a share, is none. */
const SETTLED = 1e-7;
/** Beyond it waiting is reckoned as if it were this: a queue that grows for ever has no mean. */
const BUSIEST = 0.98;
/** Groups that are as large as this at the mean are at their largest much of the time. */
const FULLEST = 0.95;
/** From the lock to the commit the answer comes to the node's thread so often. */
const TURNS = 3;

/** CPU of one node's thread in ms for each of its own entries, its own groups, others' entries, others' groups, told entries. */
interface ThreadTimes {
  readonly outside: number;
  readonly entry: number;
  readonly group: number;
  readonly readEntry: number;
  readonly readGroup: number;
  readonly tell: number;
}

function threadTimes({node, threadMs}: Costs, tellUs: number): ThreadTimes {
  return {
    outside: node.entryUs / US - threadMs,
    entry: node.entryUs / US,
    group: node.groupUs / US,
    readEntry: node.readEntryUs / US,
    readGroup: node.readGroupUs / US,
    tell: tellUs / US,
  };
}

/** What the thread of each node does in a cycle in which each node commits a group of `k`. */
function threadOfCycle(times: ThreadTimes, nodes: number, k: number): number {
  const {entry, group, readEntry, readGroup, tell} = times;
  return k * entry + group + (nodes - 1) * (k * readEntry + readGroup) + nodes * k * tell;
}

/** The most that goes in, in entries a second, with groups as large as they may be, and what the end is. */
export function mostPerSecond(
  costs: Costs,
  {nodes, nodeCores = nodes, tellUs = 0}: NodesOptions,
): {readonly perSecond: number; readonly limit: 'head' | 'node'} {
  const held = heldMs(costs, MAX_GROUP);
  const headMs = Math.max(nodes * held, costs.gapMs + held);
  const threadMs = threadOfCycle(threadTimes(costs, tellUs), nodes, MAX_GROUP);
  const nodeMs = Math.max(threadMs, (nodes * threadMs) / nodeCores);
  const perSecond = ((nodes * MAX_GROUP) / Math.max(headMs, nodeMs)) * PER_S;
  return {perSecond, limit: headMs >= nodeMs ? 'head' : 'node'};
}

/** So many callers, evenly at all nodes, each of which asks again when it is answered. */
export function closedLoad(costs: Costs, options: NodesOptions & {readonly inFlight: number}): Prediction {
  const {nodes, nodeCores = nodes, inFlight, tellUs = 0} = options;
  const times = threadTimes(costs, tellUs);
  const callers = inFlight / nodes;
  let k = Math.min(MAX_GROUP, callers);
  let [cycleMs, held] = [1, 0];
  for (let step = 0; step < ITERATIONS; step += 1) {
    const threadMs = threadOfCycle(times, nodes, k);
    const share = Math.max(threadMs, (nodes * threadMs) / nodeCores) / cycleMs;
    held = heldMs(costs, k) + TURNS * queueMs({...times, outside: 0}, {nodes, k, groups: 1 / cycleMs, share});
    // All who are answered together ask again together: the first of them has the next group begun, which then waits for the rest.
    const {outside, readEntry, readGroup, tell} = times;
    const burstMs = (k - 1) * outside + (nodes - 1) * (k * readEntry + readGroup) + nodes * k * tell;
    const ownMs = outside + Math.max(costs.gapMs, burstMs) + held;
    const nextMs = Math.max(nodes * held, ownMs, threadMs, (nodes * threadMs) / nodeCores);
    cycleMs += (nextMs - cycleMs) / 2;
    // Whoever is late for the lock is in the group after it.
    const oneByOneMs = outside * Math.max(1, nodes / nodeCores);
    const roomMs = Math.max(costs.gapMs, (nodes - 1) * held);
    const inTime = outside === 0 ? callers : (callers + roomMs / oneByOneMs) / 2;
    k += (Math.max(1, Math.min(MAX_GROUP, callers, inTime)) - k) / 2;
  }
  const perMs = (nodes * k) / cycleMs;
  const ackMs = inFlight / perMs;
  return {
    perSecond: perMs * PER_S,
    groupSize: k,
    ackMs,
    acrossMs: nodes === 1 ? Number.NaN : ackMs + followMs(costs, times, {nodes, k, groups: nodes / cycleMs}),
    lockShare: Math.min(1, (nodes * held) / cycleMs),
    threadShare: threadOfCycle(times, nodes, k) / cycleMs,
  };
}

/**
 * Requests that come by themselves at random, evenly to all nodes.
 * @returns `undefined` where more comes than goes in, or nearly
 */
export function openLoad(
  costs: Costs,
  options: NodesOptions & {readonly perSecond: number},
): Prediction | undefined {
  const {nodes, nodeCores = nodes, perSecond, tellUs = 0} = options;
  if (perSecond >= mostPerSecond(costs, options).perSecond) return undefined;
  const times = threadTimes(costs, tellUs);
  const rate = perSecond / PER_S / nodes;
  // Where the head is never free, this is what it comes to.
  let k = Math.max(1, (rate * nodes * costs.groupMs) / (1 - rate * nodes * costs.entryMs));
  let [held, waitMs, turnMs, threadShare] = [0, 0, 0, 0];
  for (let step = 0; step < ITERATIONS; step += 1) {
    // A node has rate / k groups in a ms, and hears of those of the others.
    const groups = rate / k;
    threadShare = groups * threadOfCycle(times, nodes, k);
    turnMs = queueMs(times, {
      nodes,
      k,
      groups,
      share: Math.max(threadShare, (nodes * threadShare) / nodeCores),
    });
    held = heldMs(costs, k) + TURNS * turnMs;
    // With nobody waiting at the commit, the node's next group begins with the next request.
    const idleMs = Math.exp(-rate * held) / rate;
    waitMs = queueForHead(nodes, held, costs.gapMs + idleMs);
    const cycleMs = held + costs.gapMs + idleMs + waitMs;
    const change = (Math.min(MAX_GROUP, Math.max(1, rate * cycleMs)) - k) / 2;
    k += change;
    if (Math.abs(change) < SETTLED * k) break;
  }
  if (k > FULLEST * MAX_GROUP) return undefined;
  const beforeMs = costs.gapMs + waitMs;
  const none = Math.exp(-rate * held);
  // Who comes while the one before is under way, who finds nobody, and who comes before the lock is had.
  const gatherMs =
    (rate * held * (held / 2 + beforeMs) + none * beforeMs + (rate * beforeMs * beforeMs) / 2) /
    (rate * held + none + rate * beforeMs);
  const groups = (nodes * rate) / k;
  // Sessions are told of what came before first.
  const busy = Math.min(nodes * rate * times.tell, BUSIEST);
  const roundMs = (busy * k * times.tell) / (2 * (1 - busy));
  const committedMs = turnMs + times.outside + gatherMs + held;
  return {
    perSecond,
    groupSize: k,
    ackMs: committedMs,
    acrossMs:
      nodes === 1 ? Number.NaN : committedMs + followMs(costs, times, {nodes, k, groups}) + turnMs + roundMs,
    lockShare: groups * held,
    threadShare,
  };
}

/** The most, in entries a second, that is answered within `ackMs` at the mean; 0 where nothing is. */
export function mostWithin(costs: Costs, options: NodesOptions, ackMs: number): number {
  let [low, high] = [0, mostPerSecond(costs, options).perSecond];
  for (let step = 0; step < BISECTIONS; step += 1) {
    const perSecond = (low + high) / 2;
    const prediction = openLoad(costs, {...options, perSecond});
    if (prediction !== undefined && prediction.ackMs <= ackMs) low = perSecond;
    else high = perSecond;
  }
  return low;
}

/**
 * How long a turn of a group waits for the node's thread: Pollaczek and Khinchine, over the tasks that can be before it. Other turns
 * cannot: a node has one group under way.
 */
function queueMs(
  times: ThreadTimes,
  {nodes, k, groups, share}: {nodes: number; k: number; groups: number; share: number},
): number {
  const read = k * times.readEntry + times.readGroup;
  const squares =
    groups * k * times.outside ** 2 +
    (nodes - 1) * groups * read ** 2 +
    nodes * groups * k * times.tell * Math.min(k * times.tell, TELL_SLICE_MS);
  // Telling is done in slices, each behind what came meanwhile: of that only the slice under way is waited for.
  const before = Math.min(share - nodes * groups * k * times.tell, BUSIEST);
  return squares / (2 * (1 - before));
}

/**
 * How long a node waits for the head: mean value analysis of `nodes` nodes that each come back `awayMs` after they had it for
 * `heldMs`. Whoever is found at work is half done at the mean.
 */
function queueForHead(nodes: number, held: number, awayMs: number): number {
  let [waiting, busy, answerMs] = [0, 0, held];
  for (let node = 1; node <= nodes; node += 1) {
    // Never faster than one after the other.
    answerMs = Math.max(held * (1 + waiting) - (busy * held) / 2, node * held - awayMs);
    const perMs = node / (awayMs + answerMs);
    waiting = perMs * answerMs;
    busy = Math.min(1, perMs * held);
  }
  return Math.max(0, answerMs - held);
}

/** From a commit until another node has read it and told its sessions. */
function followMs(
  {gapMs}: Costs,
  {readEntry, readGroup, tell}: ThreadTimes,
  {nodes, k, groups}: {nodes: number; k: number; groups: number},
): number {
  const readMs = gapMs / 2 + k * readEntry + readGroup;
  // A read that is under way may have begun too early: then another one follows.
  const isReading = Math.min(1, (groups * (nodes - 1) * readMs) / nodes);
  return gapMs / 4 + (isReading * readMs) / 2 + readMs + k * tell;
}
