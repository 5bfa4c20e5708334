/** How many nodes, and how many journals, something takes: what the model and the figures of one node make of it. */
import type {NodeFigures} from './benchmark-figures.ts';
import {type Costs, entryCpuUs} from './costs.ts';
import {mostPerSecond, openLoad} from './model.ts';

/** What comes in, and who is told of it, in the busiest second. */
export interface Demand {
  /** Events, one entry each; a call makes four to six. */
  readonly perSecond: number;
  readonly sessions: number;
  /** Sessions that are told of an event, at the mean. */
  readonly audience: number;
}

/** What is not to be gone beyond. */
export interface Margins {
  /** Of the time of a node's thread: what is left is for bursts, resumes, and whoever asks for history. */
  readonly threadShare: number;
  readonly sessionsPerNode: number;
  /** Of an answer to a webhook, mean, in ms. */
  readonly ackMs: number;
  /** Beyond which it is another journal's turn. */
  readonly nodes: number;
}

export const margins: Margins = {threadShare: 0.5, sessionsPerNode: 5000, ackMs: 50, nodes: 24};

export type Limit = 'one is enough' | 'sessions' | 'CPU of a node' | 'the head';

export interface NodePlan {
  /** Nodes of each journal, one of them to spare. */
  readonly nodes: number;
  /** Why there are not fewer. */
  readonly limit: Limit;
  /** With one of them gone. */
  readonly threadShare: number;
  readonly ackMs: number;
  readonly postgresCores: number;
  readonly connections: number;
  /** Of a node, with one of them gone. */
  readonly memoryBytes: number;
}

export interface Plan {
  readonly journals: number;
  /** For each journal. */
  readonly each: NodePlan;
}

/** Of `PostgresDatabase` (8), the writer, the listener and the cluster (4), and one more while a node starts. */
export const CONNECTIONS_PER_NODE = 15;
const US_PER_S = 1_000_000;
/** The size of groups and what it costs to tell of them depend on each other. */
const STEPS = 20;
const SETTLED = 0.001;
const MOST_JOURNALS = 200;
/** So near to what the head takes it is the head that is in the way. */
const FULL = 0.9;

/**
 * CPU of a node for each entry that its sessions are told of, in µs. A write costs the same however many messages are in it, and
 * `entries` that become known together are one write to each session that sees any of them.
 */
export function tellUs(
  {messageUs, messageOfTenUs}: NodeFigures,
  {
    sessions,
    audience,
    entries,
  }: {readonly sessions: number; readonly audience: number; readonly entries: number},
): number {
  const writeUs = ((messageUs - messageOfTenUs) * 10) / 9;
  const inMessageUs = Math.max(0, messageUs - writeUs);
  const together = sessions === 0 ? 1 : Math.max(1, (entries * audience) / sessions);
  return audience * (inMessageUs + writeUs / together);
}

/** Whether one node on SQLite does it, and how much of its time that takes. */
export function planSqlite(
  figures: NodeFigures,
  {perSecond, sessions, audience}: Demand,
): {readonly fits: boolean; readonly threadShare: number} {
  const eventUs = figures.webhookUs + tellUs(figures, {sessions, audience, entries: 1});
  const threadShare = (perSecond * eventUs) / US_PER_S + sessions * figures.idleShare;
  return {fits: threadShare <= margins.threadShare && sessions <= margins.sessionsPerNode, threadShare};
}

/** The fewest journals, evenly used, and for each the fewest nodes; `undefined` where even many journals would not do. */
export function planPostgres(costs: Costs, figures: NodeFigures, demand: Demand): Plan | undefined {
  for (let journals = 1; journals <= MOST_JOURNALS; journals += 1) {
    const each = planJournal(costs, figures, {
      perSecond: demand.perSecond / journals,
      sessions: demand.sessions / journals,
      // An account is in one journal, and so is who sees it.
      audience: Math.min(demand.audience, demand.sessions / journals),
    });
    if (each !== undefined) return {journals, each};
  }
  return undefined;
}

function planJournal(costs: Costs, figures: NodeFigures, demand: Demand): NodePlan | undefined {
  let limit: Limit = 'one is enough';
  for (let left = 1; left < margins.nodes; left += 1) {
    const used = useOf(costs, figures, demand, left);
    if ('limit' in used) limit = used.limit;
    else return {...used, nodes: left + 1, limit, connections: (left + 1) * CONNECTIONS_PER_NODE};
  }
  return undefined;
}

type Use = Pick<NodePlan, 'threadShare' | 'ackMs' | 'postgresCores' | 'memoryBytes'>;

/** How much so many nodes have to do, or what is too much for them. */
function useOf(
  costs: Costs,
  figures: NodeFigures,
  {perSecond, sessions, audience}: Demand,
  nodes: number,
): Use | {readonly limit: Limit} {
  const ofNode = sessions / nodes;
  if (ofNode > margins.sessionsPerNode) return {limit: 'sessions'};
  let entries = 1;
  let prediction: ReturnType<typeof openLoad>;
  for (let step = 0; step < STEPS; step += 1) {
    const toldUs = tellUs(figures, {sessions: ofNode, audience: audience / nodes, entries});
    prediction = openLoad(costs, {nodes, perSecond, tellUs: toldUs});
    if (prediction === undefined) break;
    if (Math.abs(prediction.groupSize / entries - 1) < SETTLED) break;
    entries = prediction.groupSize;
  }
  if (prediction === undefined) {
    const {perSecond: most, limit} = mostPerSecond(costs, {nodes});
    return {limit: limit === 'head' && perSecond >= FULL * most ? 'the head' : 'CPU of a node'};
  }
  const threadShare = prediction.threadShare + ofNode * figures.idleShare;
  if (threadShare > margins.threadShare) return {limit: 'CPU of a node'};
  if (prediction.ackMs > margins.ackMs) return {limit: 'the head'};
  return {
    threadShare,
    ackMs: prediction.ackMs,
    postgresCores: (perSecond * entryCpuUs(costs.postgres, nodes, prediction.groupSize)) / US_PER_S,
    memoryBytes: figures.processBytes + ofNode * figures.sessionBytes,
  };
}
