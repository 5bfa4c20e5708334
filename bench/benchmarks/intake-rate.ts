/** Measures the response latency against the rate, and checks that a burst loses nothing. */
import {DatabaseSync} from 'node:sqlite';
import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {signedCallbacks} from '../load/callbacks.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {collectGarbage} from '../load/limits.ts';
import {postAllOut, postAtRate} from '../load/webhook-load.ts';
import {exponent} from '../report/growth.ts';
import {number, type Section} from '../report/section.ts';
import {percentile} from '../report/statistics.ts';
import {journalFile} from '../servers/servers.ts';

const RATES = [250, 500, 1000, 2000, 3000, 4000];
const SECONDS = 3;
const BURST = {perSecond: 5000, seconds: 10};
const CONNECTIONS = 256;
const WARM_UP = 4000;

export const intakeRate: Benchmark = {name: 'intake-rate', deadlineS: 180, estimateS: 60, run};

interface Step {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Server CPU as a share of one core. */
  readonly cpuShare: number;
  /** From the first request to the last response. */
  readonly seconds: number;
}

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const folder = servers.folder();
  const server = await servers.gateway({folder});
  const {port} = server;
  const connections = await HttpConnection.openSeveral(port, CONNECTIONS);
  const make = (count: number) => signedCallbacks({port, count, concurrentCalls: 2 * CONNECTIONS});
  const step = async (perSecond: number, seconds: number): Promise<Step> => {
    progress(`${perSecond}/s for ${seconds} s`);
    const requests = make(perSecond * seconds);
    collectGarbage();
    const before = await server.usage();
    const startedAt = performance.now();
    const latencies = await postAtRate(connections, requests, perSecond);
    const elapsedMs = performance.now() - startedAt;
    const after = await server.usage();
    return {
      perSecond,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      cpuShare: (after.cpuUs - before.cpuUs) / 1000 / elapsedMs,
      seconds: elapsedMs / 1000,
    };
  };
  progress('warming up');
  await postAllOut(connections, make(WARM_UP));
  const steps: Step[] = [];
  for (const perSecond of RATES) steps.push(await step(perSecond, SECONDS));
  const burst = await step(BURST.perSecond, BURST.seconds);
  for (const connection of connections) connection.close();
  await server.stop();
  const sent =
    WARM_UP + RATES.reduce((sum, rate) => sum + rate * SECONDS, 0) + BURST.perSecond * BURST.seconds;
  const stored = countEntries(folder);
  return {
    title: 'Webhook latency by rate, and a burst',
    method: [
      `Signed callbacks over ${CONNECTIONS} connections with random gaps, ${SECONDS} s per rate. Latency counts from the moment a request was due until its 204, after the fsync.`,
      `Then ${BURST.perSecond.toLocaleString('en-US')}/s for ${BURST.seconds} s, which took ${number(burst.seconds)} s. All ${sent.toLocaleString('en-US')} requests got a 204.`,
    ],
    tables: [
      {
        head: ['callbacks/s', 'p50, ms', 'p99, ms', 'CPU, % of a core'],
        rows: [...steps, burst].map(({perSecond, p50Ms, p99Ms, cpuShare}) => [
          perSecond.toLocaleString('en-US'),
          number(p50Ms),
          number(p99Ms),
          number(100 * cpuShare),
        ]),
      },
    ],
    targets: [
      {
        goal: `nothing lost: ${sent.toLocaleString('en-US')} entries for ${sent.toLocaleString('en-US')} callbacks`,
        measured: sent - stored,
        limit: 0,
        unit: 'missing',
      },
    ],
    charts: [
      {
        chart: {
          name: 'append-latency',
          title: 'Latency of the durable response by rate',
          x: 'callbacks/s',
          y: 'milliseconds',
          series: [
            {name: 'p50', points: steps.map(({perSecond, p50Ms}) => ({x: perSecond, y: p50Ms}))},
            {name: 'p99', points: steps.map(({perSecond, p99Ms}) => ({x: perSecond, y: p99Ms}))},
          ],
          scale: 'linear',
        },
        growth: latencyGrowth(steps),
      },
    ],
  };
}

/** Above this share of a core, random bursts leave a queue behind. */
const FULL = 0.9;

function latencyGrowth(steps: readonly Step[]): string {
  const free = steps.filter(({cpuShare}) => cpuShare < FULL);
  const full = steps.find(({cpuShare}) => cpuShare >= FULL);
  const k = exponent(free.map(({perSecond, p50Ms}) => ({x: perSecond, y: p50Ms})));
  const growth = `Below a full core, the median grows ${k > 1.1 ? '**faster than linearly**' : 'no faster than linearly'} with the rate (exponent ${k.toFixed(2)}).`;
  if (full === undefined) return growth;
  return `${growth} From ${full.perSecond.toLocaleString('en-US')}/s the core is full, so the queue grows as long as the rate lasts.`;
}

function countEntries(folder: string): number {
  const database = new DatabaseSync(journalFile(folder), {readOnly: true});
  try {
    const row = database.prepare('SELECT count(*) AS entries FROM entries').get();
    return Number(row?.['entries']);
  } finally {
    database.close();
  }
}
