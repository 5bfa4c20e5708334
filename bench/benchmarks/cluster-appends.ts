/** Measures the append rate of several nodes on one journal, and the cost of a callback by nodes and batch size. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {Cluster} from '../cluster/cluster.ts';
import {type GroupMeasurement, measureGroups} from '../cluster/group-cost.ts';
import {signedCallbacks} from '../load/callbacks.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {collectGarbage} from '../load/limits.ts';
import {postAllOut} from '../load/webhook-load.ts';
import type {Series} from '../report/chart.ts';
import {number, type Section, type Table} from '../report/section.ts';
import {figure, percentile} from '../report/statistics.ts';
import {sharedCores} from '../servers/cores.ts';

const MOST_NODES = 3;
/** Callbacks in flight, and the number to send: about one to two seconds of load. */
const LOADS = [
  {inFlight: 6, count: 600},
  {inFlight: 24, count: 1800},
  {inFlight: 96, count: 3600},
  {inFlight: 384, count: 6144},
] as const;
const ROUNDS = 3;
const WARM_UP = 3000;
const WARM_UP_IN_FLIGHT = 96;
const GROUPS = {sizes: [1, 10, 50, 200, 500], groups: 60, warmUpGroups: 20};

/** Callbacks appended as fast as the responses arrive. */
interface AppendMeasurement {
  readonly nodes: number;
  /** Callbacks in flight at all nodes together. */
  readonly inFlight: number;
  /** Callbacks answered per second by all nodes together. */
  readonly perSecond: number;
  /** From the request to its 204. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Entries per commit, mean. */
  readonly groupSize: number;
  /** CPU per callback of all nodes together, including the nodes that only read it. */
  readonly nodeCpuUs: number;
  /** CPU per callback of all Postgres processes. */
  readonly postgresCpuUs: number;
}

export const clusterAppends: Benchmark = {name: 'cluster-appends', deadlineS: 300, estimateS: 100, run};

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const cluster = await Cluster.open(servers);
  const appends: AppendMeasurement[] = [];
  while (cluster.nodes.length < MOST_NODES) {
    await cluster.addNode();
    progress(`${cluster.nodes.length} nodes, warming up`);
    await append(cluster, {inFlight: WARM_UP_IN_FLIGHT, count: WARM_UP});
    for (const load of LOADS) {
      progress(`${cluster.nodes.length} nodes, ${load.inFlight} in flight`);
      await cluster.vacuum();
      const rounds: AppendMeasurement[] = [];
      while (rounds.length < ROUNDS) rounds.push(await append(cluster, load));
      appends.push(medianOf(rounds));
    }
  }
  await cluster.close();
  progress('groups of fixed size');
  // The adapter runs in this process, so Postgres moves to the servers' core.
  const alone = await Cluster.open(servers, {core: 'servers'});
  const groups = await measureGroups({...GROUPS, databaseUrl: alone.databaseUrl});
  await alone.close();
  return sectionOf(appends, groups);
}

/** @throws unless each callback was answered 204 and is exactly one entry */
async function append(
  cluster: Cluster,
  {inFlight, count}: {readonly inFlight: number; readonly count: number},
): Promise<AppendMeasurement> {
  const {publicPort: port} = cluster;
  const nodes = cluster.nodes.length;
  // All calls get one status before any call gets its next one, so that statuses do not overtake each other.
  const requests = signedCallbacks({port, count, concurrentCalls: count / 4});
  const ofNodes = await Promise.all(
    cluster.nodes.map((node) => HttpConnection.openSeveral(node.port, inFlight / nodes)),
  );
  const connections = ofNodes.flat();
  const head = await headOf(cluster);
  collectGarbage();
  const before = await cluster.usage();
  const startedAt = performance.now();
  const latencies = await postAllOut(connections, requests);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await cluster.usage();
  for (const connection of connections) connection.close();
  const {entries, commits} = await appendedAfter(cluster, head);
  if (entries !== count)
    throw new Error(`${count} callbacks were answered 204, but the journal has ${entries} entries`);
  return {
    nodes,
    inFlight,
    perSecond: count / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    groupSize: entries / commits,
    nodeCpuUs: (after.nodesUs - before.nodesUs) / count,
    postgresCpuUs: (after.postgresUs - before.postgresUs) / count,
  };
}

async function headOf(cluster: Cluster): Promise<number> {
  const [row] = await cluster.sql('SELECT coalesce(max("offset"), 0) AS head FROM hookswitch.entries');
  return Number(row?.['head']);
}

/** Counts commits by `xmin`, the transaction that wrote the entry. */
async function appendedAfter(
  cluster: Cluster,
  head: number,
): Promise<{readonly entries: number; readonly commits: number}> {
  const [row] = await cluster.sql(
    `SELECT count(*) AS entries, count(DISTINCT xmin::text) AS commits FROM hookswitch.entries WHERE "offset" > ${head}`,
  );
  return {entries: Number(row?.['entries']), commits: Number(row?.['commits'])};
}

/** The median of each figure over the rounds of one load. */
function medianOf(rounds: readonly AppendMeasurement[]): AppendMeasurement {
  const of = (key: keyof AppendMeasurement) => rounded(figure(rounds.map((round) => round[key])).median);
  return {
    nodes: of('nodes'),
    inFlight: of('inFlight'),
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    groupSize: of('groupSize'),
    nodeCpuUs: of('nodeCpuUs'),
    postgresCpuUs: of('postgresCpuUs'),
  };
}

/** Rounds to four digits, because the rest is noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function sectionOf(appends: readonly AppendMeasurement[], groups: readonly GroupMeasurement[]): Section {
  return {
    title: 'Appends from several nodes to one journal',
    method: [
      `One to three gateways on one Postgres (fsync on). ${sharedCores()}`,
      'Each connection sends the next signed callback when it has its response. The load is split evenly between the nodes.',
      'Here a further node adds no core. CPU per callback carries over to other machines, callbacks/s does not.',
      `Entries per commit are counted by transaction ID. All callbacks must be in the journal once. Medians of ${ROUNDS} rounds; tables are vacuumed and analyzed before each load.`,
      `Second table: the journal adapter alone, one group after the other, each event of a different call. “Head locked” is the median time of ${GROUPS.groups} groups from the lock to the commit, when no other node can append.`,
    ],
    tables: [appendTable(appends), groupTable(groups)],
    targets: [],
    charts: [
      {
        chart: {
          name: 'cluster-appends',
          title: 'Appends to one journal',
          x: 'callbacks in flight',
          y: 'callbacks/s',
          series: seriesOf(appends),
          scale: 'logarithmic',
        },
        growth: growthOf(appends),
      },
      {
        chart: {
          name: 'cluster-groups',
          title: 'Lock time of the head by group size',
          x: 'entries per group',
          y: 'milliseconds',
          series: [
            {name: 'adapter alone', points: groups.map(({size, lockedMs}) => ({x: size, y: lockedMs}))},
          ],
          scale: 'linear',
        },
        growth: lineOf(groups),
      },
    ],
  };
}

function appendTable(appends: readonly AppendMeasurement[]): Table {
  return {
    head: [
      'nodes',
      'in flight',
      'callbacks/s',
      'p50, ms',
      'p99, ms',
      'entries per commit',
      'CPU µs, nodes',
      'CPU µs, Postgres',
    ],
    rows: appends.map((one) => [
      String(one.nodes),
      String(one.inFlight),
      number(one.perSecond),
      number(one.p50Ms),
      number(one.p99Ms),
      number(one.groupSize),
      number(one.nodeCpuUs),
      number(one.postgresCpuUs),
    ]),
  };
}

function groupTable(groups: readonly GroupMeasurement[]): Table {
  return {
    head: ['entries per group', 'head locked, ms', 'µs per entry', 'entries/s'],
    rows: groups.map(({size, lockedMs, perSecond}) => [
      String(size),
      number(lockedMs),
      number((1000 * lockedMs) / size),
      number(perSecond),
    ]),
  };
}

function seriesOf(appends: readonly AppendMeasurement[]): readonly Series[] {
  return [...new Set(appends.map(({nodes}) => nodes))].map((nodes) => ({
    name: nodes === 1 ? '1 node' : `${nodes} nodes`,
    points: appends
      .filter((one) => one.nodes === nodes)
      .map(({inFlight, perSecond}) => ({x: inFlight, y: perSecond})),
  }));
}

function growthOf(appends: readonly AppendMeasurement[]): string {
  const most = appends.filter(({inFlight}) => inFlight === LOADS.at(-1)?.inFlight);
  const [one, last] = [most[0], most.at(-1)];
  if (one === undefined || last === undefined) return 'Nothing measured.';
  const share = last.nodeCpuUs / one.nodeCpuUs;
  return `With ${one.inFlight} in flight, a callback costs ${last.nodes} nodes together ${number(share)} × as much CPU as one node.`;
}

/** Fixed cost and cost per entry, from the smallest and the largest group. */
function lineOf(groups: readonly GroupMeasurement[]): string {
  const [first, last] = [groups[0], groups.at(-1)];
  if (first === undefined || last === undefined) return 'Nothing measured.';
  const perEntryMs = (last.lockedMs - first.lockedMs) / (last.size - first.size);
  return `About ${number(first.lockedMs - perEntryMs * first.size)} ms per group plus ${number(1000 * perEntryMs)} µs per entry.`;
}
