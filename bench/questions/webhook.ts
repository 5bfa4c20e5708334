/** How fast is a status callback answered, and what does one cost? */
import {signedCallbacks} from '../load/callbacks.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {collectGarbage} from '../load/limits.ts';
import {inRounds} from '../load/rounds.ts';
import {postAllOut, postAtRate} from '../load/webhook-load.ts';
import type {Question, Run} from '../question.ts';
import {ratio, type Section, show, type Table} from '../report/section.ts';
import {figure, percentile} from '../report/statistics.ts';
import type {ServerProcess} from '../servers/server-process.ts';

const ROUNDS = {rate: {most: 3, budgetS: 20}, allOut: {most: 5, budgetS: 10}};
const CONNECTIONS = 32;
const PER_SECOND = 200;
const COUNTS = {rate: 600, allOut: 4000, warmUp: 3000} as const;
const TARGET_MS = 10;

export const webhook: Question = {name: 'webhook', deadlineS: 60, ask};

interface Round {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  readonly cpuUs: number;
}

type Load = 'rate' | 'allOut';

class Subject {
  readonly name: string;
  readonly rounds: Record<Load, Round[]> = {rate: [], allOut: []};
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
      load === 'rate'
        ? await postAtRate(connections, requests, PER_SECOND)
        : await postAllOut(connections, requests);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await this.#server.usage();
    for (const connection of connections) connection.close();
    this.rounds[load].push({
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      perSecond: requests.length / seconds,
      cpuUs: (after.cpuUs - before.cpuUs) / requests.length,
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

async function ask({servers, progress}: Run): Promise<Section> {
  const gateway = new Subject('gateway', await servers.gateway());
  const express = new Subject('Express peer', await servers.expressPeer());
  const bare = new Subject('the same without Express', await servers.bareHttpPeer());
  const subjects = [gateway, express, bare];
  progress('warming up');
  for (const subject of subjects) await subject.warmUp();
  for (const load of ['rate', 'allOut'] as const) {
    await inRounds(ROUNDS[load], async (round) => {
      progress(`${load === 'rate' ? `${PER_SECOND}/s` : 'all out'}, round ${round}`);
      for (const subject of subjects) await subject.round(load);
    });
  }
  for (const subject of subjects) await subject.stop();
  const atRate = figure(gateway.rounds.rate.map(({p50Ms}) => p50Ms));
  return {
    title: 'A webhook answered',
    compared: [
      `Signed status callbacks of 1.4 kB over ${CONNECTIONS} keep-alive connections: at ${PER_SECOND}/s with random gaps,`,
      'and as fast as the connections go. The gateway answers once the entry is on disk (two fsyncs a group).',
      'The peer is Express, `urlencoded` and `validateRequest` of the Twilio SDK, and stores nothing; without Express it is',
      `the same on \`node:http\`. CPU is the server process', all threads. Rounds: ${gateway.rounds.rate.length} of ${COUNTS.rate}, ${gateway.rounds.allOut.length} of ${COUNTS.allOut.toLocaleString('en-US')} callbacks.`,
    ],
    tables: [
      loadTable(`at ${PER_SECOND}/s`, 'rate', subjects, express),
      loadTable('all out', 'allOut', subjects, express),
    ],
    targets: [
      {
        wanted: `answered within ${TARGET_MS} ms at the median, fsync included, at ${PER_SECOND}/s`,
        measured: atRate.median,
        limit: TARGET_MS,
        unit: 'ms',
      },
    ],
  };
}

function loadTable(title: string, load: Load, subjects: readonly Subject[], peer: Subject): Table {
  const of = (subject: Subject, key: keyof Round) => figure(subject.rounds[load].map((round) => round[key]));
  return {
    head: [title, 'p50, ms', 'p99, ms', 'callbacks/s', 'CPU µs per callback', 'CPU of the peer'],
    rows: subjects.map((subject) => [
      subject.name,
      show(of(subject, 'p50Ms')),
      show(of(subject, 'p99Ms')),
      show(of(subject, 'perSecond')),
      show(of(subject, 'cpuUs')),
      subject === peer ? '1' : ratio(of(subject, 'cpuUs'), of(peer, 'cpuUs')),
    ]),
  };
}
