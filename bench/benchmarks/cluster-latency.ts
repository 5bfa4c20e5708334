/** Measures the latency from a webhook at one node to a session at another under a steady load. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {Cluster, type ClusterUsage} from '../cluster/cluster.ts';
import {eventKey, Observer} from '../cluster/observer.ts';
import {collectGarbage} from '../load/limits.ts';
import {type Posted, postSpread, prepare} from '../load/spread-load.ts';
import {number, type Section, show} from '../report/section.ts';
import {figure, percentile} from '../report/statistics.ts';
import {sharedCores} from '../servers/cores.ts';
import type {Servers} from '../servers/servers.ts';

const NODES = [2, 3];
/** Slightly above the goal, so that the random gaps do not bring the rate below it. */
const PER_SECOND = 550;
const GOAL_PER_SECOND = 500;
const EVENTS = 2200;
const WARM_UP_EVENTS = 2000;
const ROUNDS = 3;
const CONNECTIONS = 32;
const DEADLINE_MS = 30_000;
const TARGET_P99_MS = 250;

export const clusterLatency: Benchmark = {name: 'cluster-latency', deadlineS: 150, estimateS: 50, run};

interface Round {
  readonly perSecond: number;
  /** From the moment a webhook was due until a session at its own node, or at another node, received it. */
  readonly own: Quantiles;
  readonly other: Quantiles;
  /** CPU, % of a core. */
  readonly nodesPercent: number;
  readonly postgresPercent: number;
}

interface Quantiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Measured {
  readonly nodes: number;
  readonly rounds: readonly Round[];
}

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const measured: Measured[] = [];
  for (const nodes of NODES) {
    progress(`${nodes} nodes`);
    measured.push({nodes, rounds: await measure(servers, nodes, progress)});
  }
  return sectionOf(measured);
}

async function measure(
  servers: Servers,
  nodes: number,
  progress: (line: string) => void,
): Promise<readonly Round[]> {
  const cluster = await Cluster.open(servers);
  while (cluster.nodes.length < nodes) await cluster.addNode();
  progress('warming up');
  await play(cluster, WARM_UP_EVENTS);
  await cluster.vacuum();
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`round ${round}`);
    rounds.push(await play(cluster, EVENTS));
  }
  await cluster.close();
  return rounds;
}

/** @throws unless each session received each event once and in order */
async function play(cluster: Cluster, count: number): Promise<Round> {
  const ports = cluster.nodes.map(({port}) => port);
  const observers = await Promise.all(ports.map((port) => Observer.open(port)));
  const prepared = prepare({
    publicPort: cluster.publicPort,
    ports,
    count,
    perSecond: PER_SECOND,
    connectionsOfNode: CONNECTIONS,
  });
  collectGarbage();
  const before = await cluster.usage();
  const startedAt = performance.now();
  const {posted, perSecond} = await postSpread(prepared);
  await Promise.all(observers.map((observer) => observer.waitForEvents(count, DEADLINE_MS)));
  const elapsedUs = (performance.now() - startedAt) * 1000;
  const after = await cluster.usage();
  for (const observer of observers) observer.close();
  const latencies = (isWanted: (event: Posted, observer: number) => boolean): Quantiles => {
    const all = observers.flatMap((observer, index) =>
      posted
        .filter((event) => isWanted(event, index))
        .map(({callSid, status, dueAt}) => observer.receivedAt(eventKey(callSid, status)) - dueAt),
    );
    const sorted = Float64Array.from(all).sort();
    return {p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99)};
  };
  const percent = (key: Exclude<keyof ClusterUsage, 'nodes'>) =>
    (100 * (after[key] - before[key])) / elapsedUs;
  return {
    perSecond,
    own: latencies(({node}, observer) => node === observer),
    other: latencies(({node}, observer) => node !== observer),
    nodesPercent: percent('nodesUs'),
    postgresPercent: percent('postgresUs'),
  };
}

function sectionOf(measured: readonly Measured[]): Section {
  const of = ({rounds}: Measured, read: (round: Round) => number) => figure(rounds.map(read));
  const rate = (one: Measured) => of(one, ({perSecond}) => perSecond);
  return {
    title: 'Latency across nodes',
    method: [
      `Two and three gateways on one Postgres (fsync on). ${sharedCores()}`,
      `${PER_SECOND} signed callbacks/s with random gaps, spread evenly over the nodes, the statuses of each call too. One session per node sees every event.`,
      'Latency counts from the moment a webhook was due until a session received it, at the node of the webhook and at the other nodes.',
      `Every session must receive every event once and in order. ${ROUNDS} rounds of ${EVENTS.toLocaleString('en-US')} events; tables are vacuumed and analyzed before.`,
    ],
    tables: [
      {
        head: [
          'nodes',
          'callbacks/s',
          'same node: p50, ms',
          'p99, ms',
          'another node: p50, ms',
          'p99, ms',
          'CPU of nodes, %',
          'CPU of Postgres, %',
        ],
        rows: measured.map((one) => [
          String(one.nodes),
          show(rate(one)),
          show(of(one, ({own}) => own.p50Ms)),
          show(of(one, ({own}) => own.p99Ms)),
          show(of(one, ({other}) => other.p50Ms)),
          show(of(one, ({other}) => other.p99Ms)),
          number(of(one, ({nodesPercent}) => nodesPercent).median),
          number(of(one, ({postgresPercent}) => postgresPercent).median),
        ]),
      },
    ],
    targets: measured.flatMap((one) => [
      {
        goal: `${one.nodes} nodes: at least ${GOAL_PER_SECOND} callbacks/s appended`,
        measured: rate(one).median,
        limit: GOAL_PER_SECOND,
        unit: 'callbacks/s',
        side: 'at least' as const,
      },
      {
        goal: `${one.nodes} nodes: p99 to a session at another node at most ${TARGET_P99_MS} ms`,
        measured: of(one, ({other}) => other.p99Ms).median,
        limit: TARGET_P99_MS,
        unit: 'ms',
      },
    ]),
  };
}
