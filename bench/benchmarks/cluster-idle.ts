/** Measures what an idle node costs. */
import {setTimeout as wait} from 'node:timers/promises';
import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {Cluster} from '../cluster/cluster.ts';
import {number, type Section} from '../report/section.ts';
import {sharedCores} from '../servers/cores.ts';

const MOST_NODES = 3;
const MEASURED_MS = 12_000;
/** Time after a start before the measurement begins. */
const SETTLE_MS = 3000;

export const clusterIdle: Benchmark = {name: 'cluster-idle', deadlineS: 120, estimateS: 55, run};

interface Idle {
  readonly nodes: number;
  /** Percent of a core, all nodes together. */
  readonly nodesPercent: number;
  readonly postgresPercent: number;
  readonly statementsPerSecond: number;
  /** Connections to the database. */
  readonly connections: number;
}

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const cluster = await Cluster.open(servers, {
    settings: {shared_preload_libraries: 'pg_stat_statements'},
  });
  await cluster.sql('CREATE EXTENSION pg_stat_statements');
  const measured: Idle[] = [];
  while (cluster.nodes.length < MOST_NODES) {
    await cluster.addNode();
    progress(`${cluster.nodes.length} nodes, ${MEASURED_MS / 1000} s idle`);
    await wait(SETTLE_MS);
    measured.push(await measure(cluster));
  }
  await cluster.close();
  return sectionOf(measured);
}

/** @throws when a node does not see all nodes as alive */
async function measure(cluster: Cluster): Promise<Idle> {
  await cluster.sql('SELECT pg_stat_statements_reset()');
  const before = await cluster.usage();
  const startedAt = performance.now();
  await wait(MEASURED_MS);
  const after = await cluster.usage();
  const elapsedMs = performance.now() - startedAt;
  const [row] = await cluster.sql(`SELECT
    (SELECT sum(calls) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%') AS statements,
    (SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'hookswitch%') AS connections,
    (SELECT count(*) FROM hookswitch.nodes WHERE heartbeat_at > clock_timestamp() - interval '3 seconds') AS alive`);
  const nodes = cluster.nodes.length;
  if (Number(row?.['alive']) !== nodes)
    throw new Error(`${String(row?.['alive'])} of ${nodes} nodes are alive`);
  return {
    nodes,
    nodesPercent: (after.nodesUs - before.nodesUs) / 10 / elapsedMs,
    postgresPercent: (after.postgresUs - before.postgresUs) / 10 / elapsedMs,
    statementsPerSecond: (Number(row?.['statements']) * 1000) / elapsedMs,
    connections: Number(row?.['connections']),
  };
}

function sectionOf(measured: readonly Idle[]): Section {
  const cells = ({nodesPercent, postgresPercent, statementsPerSecond, connections}: Omit<Idle, 'nodes'>) => [
    number(nodesPercent),
    number(postgresPercent),
    number(statementsPerSecond),
    number(connections),
  ];
  return {
    title: 'Cost of an idle node',
    method: [
      `One to three gateways on one Postgres over ${MEASURED_MS / 1000} s, without sessions, callbacks or readiness checks. ${sharedCores()}`,
      'What remains: heartbeats, leases, polls and the listener’s keep-alive. CPU is a share of one core. Postgres counts the statements.',
    ],
    tables: [
      {
        head: ['idle', 'CPU of nodes, %', 'CPU of Postgres, %', 'statements/s', 'connections'],
        rows: [
          ...measured.map((one) => [one.nodes === 1 ? '1 node' : `${one.nodes} nodes`, ...cells(one)]),
          ['each additional node', ...cells(perAdditionalNode(measured))],
        ],
      },
    ],
    targets: [],
  };
}

/** The average increase per node after the first. */
function perAdditionalNode(measured: readonly Idle[]): Omit<Idle, 'nodes'> {
  const [first, last] = [measured[0], measured.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing was measured');
  const added = (key: keyof Idle) => (last[key] - first[key]) / (last.nodes - first.nodes);
  return {
    nodesPercent: added('nodesPercent'),
    postgresPercent: added('postgresPercent'),
    statementsPerSecond: added('statementsPerSecond'),
    connections: added('connections'),
  };
}
