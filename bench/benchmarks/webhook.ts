/** Measures the response time and the CPU of a status callback. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {signedCallbacks} from '../load/callbacks.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {collectGarbage} from '../load/limits.ts';
import {inRounds} from '../load/rounds.ts';
import {postAllOut, postAtRate} from '../load/webhook-load.ts';
import {number, ratio, type Section, show, type Table} from '../report/section.ts';
import {figure, percentile} from '../report/statistics.ts';
import type {ServerProcess} from '../servers/server-process.ts';

const ROUNDS = {rate: {most: 3, budgetS: 20}, fast: {most: 3, budgetS: 20}, allOut: {most: 5, budgetS: 20}};
const QUICK_ROUNDS = {most: 2, budgetS: 6};
const CONNECTIONS = 32;
/** Callbacks per second, where the load has a fixed rate. */
const PER_SECOND = {rate: 200, fast: 2000} as const;
const COUNTS = {rate: 600, fast: 6000, allOut: 8000, warmUp: 4000} as const;
const TARGET_MS = 10;
const TARGET_FAST_P99_MS = 25;

export const webhook: Benchmark = {name: 'webhook', deadlineS: 180, estimateS: 75, quick: true, run};

interface Round {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly userUs: number;
  readonly systemUs: number;
}

type Load = 'rate' | 'fast' | 'allOut';

class Subject {
  readonly name: string;
  readonly rounds: Record<Load, Round[]> = {rate: [], fast: [], allOut: []};
  readonly #server: ServerProcess;

  constructor(name: string, server: ServerProcess) {
    this.name = name;
    this.#server = server;
  }

  async warmUp(): Promise<void> {
    const connections = await this.#connect();
    await postAllOut(connections, this.#requests(COUNTS.warmUp));
    for (const connection of connections) connection.close();
  }

  async round(load: Load): Promise<void> {
    const requests = this.#requests(COUNTS[load]);
    const connections = await this.#connect();
    collectGarbage();
    const before = await this.#server.usage();
    const startedAt = performance.now();
    const latencies =
      load === 'allOut'
        ? await postAllOut(connections, requests)
        : await postAtRate(connections, requests, PER_SECOND[load]);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await this.#server.usage();
    for (const connection of connections) connection.close();
    this.rounds[load].push({
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      perSecond: requests.length / seconds,
      cpuUs: (after.cpuUs - before.cpuUs) / requests.length,
      userUs: (after.userUs - before.userUs) / requests.length,
      systemUs: (after.systemUs - before.systemUs) / requests.length,
    });
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  #connect(): Promise<HttpConnection[]> {
    return HttpConnection.openSeveral(this.#server.port, CONNECTIONS);
  }

  #requests(count: number): Buffer[] {
    return signedCallbacks({port: this.#server.port, count, concurrentCalls: 2 * CONNECTIONS});
  }
}

const loads = ['rate', 'fast', 'allOut'] as const;

async function run({servers, progress, quick}: BenchmarkContext): Promise<Section> {
  const gateway = new Subject('gateway', await servers.gateway());
  const express = new Subject('Express peer', await servers.expressPeer());
  const bare = new Subject('peer without Express', await servers.bareHttpPeer());
  const subjects = [gateway, express, bare];
  progress('warming up');
  for (const subject of subjects) await subject.warmUp();
  for (const load of quick ? (['allOut'] as const) : loads) {
    await inRounds(quick ? QUICK_ROUNDS : ROUNDS[load], async (round) => {
      progress(`${load === 'allOut' ? 'full speed' : `${PER_SECOND[load]}/s`}, round ${round}`);
      for (const subject of subjects) await subject.round(load);
    });
  }
  for (const subject of subjects) await subject.stop();
  const atRate = figure(gateway.rounds.rate.map(({p50Ms}) => p50Ms));
  const fast = figure(gateway.rounds.fast.map(({p99Ms}) => p99Ms));
  const cpu = (subject: Subject) => figure(subject.rounds.allOut.map(({cpuUs}) => cpuUs)).median;
  const share = cpu(gateway) / cpu(express);
  return {
    title: 'Webhook response time and cost',
    method: [
      `Signed status callbacks of 1.4 kB over ${CONNECTIONS} keep-alive connections: at ${PER_SECOND.rate}/s and ${PER_SECOND.fast.toLocaleString('en-US')}/s with random gaps, and at full speed.`,
      'The gateway answers once the entry is on disk (one fsync per group of entries).',
      'The peer is Express, `urlencoded` and the Twilio SDK’s `validateRequest`. It stores nothing, so it shows the cost of HTTP and the signature and is not a target (see “Cost of one webhook”).',
      `Rounds: ${gateway.rounds.rate.length} of ${COUNTS.rate}, ${gateway.rounds.fast.length} of ${COUNTS.fast.toLocaleString('en-US')}, ${gateway.rounds.allOut.length} of ${COUNTS.allOut.toLocaleString('en-US')} callbacks.`,
    ],
    tables: [
      loadTable(`at ${PER_SECOND.rate}/s`, 'rate', subjects, express),
      loadTable(`at ${PER_SECOND.fast.toLocaleString('en-US')}/s`, 'fast', subjects, express),
      loadTable('full speed', 'allOut', subjects, express),
    ],
    targets: [
      {
        goal: `median response within ${TARGET_MS} ms at ${PER_SECOND.rate}/s, fsync included`,
        measured: atRate.median,
        limit: TARGET_MS,
        unit: 'ms',
      },
      {
        goal: `p99 response within ${TARGET_FAST_P99_MS} ms at ${PER_SECOND.fast.toLocaleString('en-US')}/s, fsync included`,
        measured: fast.median,
        limit: TARGET_FAST_P99_MS,
        unit: 'ms',
        cause:
          'all threads of the gateway share one core here, and 2,000/s use about two thirds of it. A checkpoint or a garbage collection therefore leaves a queue of ' +
          'about ten milliseconds that takes as long again to drain.',
      },
    ],
    ratios: [{name: 'webhook CPU to Express', value: share}],
  };
}

function loadTable(title: string, load: Load, subjects: readonly Subject[], peer: Subject): Table {
  const of = (subject: Subject, key: keyof Round) => figure(subject.rounds[load].map((round) => round[key]));
  return {
    head: [title, 'p50, ms', 'p99, ms', 'callbacks/s', 'CPU µs per callback', 'user', 'system', 'CPU / peer'],
    rows: subjects.map((subject) => [
      subject.name,
      show(of(subject, 'p50Ms')),
      show(of(subject, 'p99Ms')),
      show(of(subject, 'perSecond')),
      show(of(subject, 'cpuUs')),
      number(of(subject, 'userUs').median),
      number(of(subject, 'systemUs').median),
      subject === peer ? '1' : ratio(of(subject, 'cpuUs'), of(peer, 'cpuUs')),
    ]),
  };
}
