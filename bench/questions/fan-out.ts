/** How long until a webhook has reached a thousand sessions, and what does each message cost? */
import {setTimeout as wait} from 'node:timers/promises';
import {signedCallbacks} from '../load/callbacks.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {allowedSessions, collectGarbage} from '../load/limits.ts';
import {inRounds} from '../load/rounds.ts';
import {SessionSwarm} from '../load/session-swarm.ts';
import type {Question, Run} from '../question.ts';
import {number, ratio, type Section, show, type Table} from '../report/section.ts';
import {figure, percentile} from '../report/statistics.ts';
import type {ServerProcess} from '../servers/server-process.ts';

const SESSIONS = 1000;
const ROUNDS = {single: {most: 3, budgetS: 12}, burst: {most: 3, budgetS: 8}};
const BURST = 10;
/** Events, or bursts, of a round. */
const COUNTS = {single: 100, burst: 20} as const;
const WARM_UP_EVENTS = 100;
/** Between events: they come one at a time, to a server that has nothing else to do. */
const PAUSE_MS = 10;
const TARGET_MS = 20;

/** The gateway greets with `session.ready` and `call.snapshot`. */
const GATEWAY_GREETINGS = 2;

export const fanOut: Question = {name: 'fan-out', deadlineS: 50, ask};

type Kind = 'single' | 'burst';

interface Round {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly lastMs: number;
  readonly lastP99Ms: number;
  /** Server CPU per delivered message, microseconds. */
  readonly cpuUs: number;
  readonly clientCpuUs: number;
}

class Subject {
  readonly name: string;
  readonly rounds: Record<Kind, Round[]> = {single: [], burst: []};
  readonly swarm: SessionSwarm;
  readonly #server: ServerProcess;

  constructor(name: string, server: ServerProcess, greetings: number) {
    this.name = name;
    this.#server = server;
    this.swarm = new SessionSwarm({port: server.port, greetings});
  }

  async round(kind: Kind, events: number): Promise<void> {
    const size = kind === 'single' ? 1 : BURST;
    const requests = signedCallbacks({
      port: this.#server.port,
      count: events * size,
      concurrentCalls: size,
    });
    const connections = await HttpConnection.openSeveral(this.#server.port, size);
    collectGarbage();
    const moments = {first: [] as number[], median: [] as number[], last: [] as number[]};
    const cpuBefore = process.cpuUsage();
    const before = await this.#server.usage();
    for (let start = 0; start < requests.length; start += size) {
      const arrivals = await this.#send(connections, requests.slice(start, start + size));
      moments.first.push(percentile(arrivals, 0));
      moments.median.push(percentile(arrivals, 0.5));
      moments.last.push(percentile(arrivals, 1));
      await wait(PAUSE_MS);
    }
    const after = await this.#server.usage();
    const cpu = process.cpuUsage(cpuBefore);
    for (const connection of connections) connection.close();
    const delivered = requests.length * this.swarm.size;
    this.rounds[kind].push({
      firstMs: figure(moments.first).median,
      medianMs: figure(moments.median).median,
      lastMs: figure(moments.last).median,
      lastP99Ms: percentile(
        moments.last.sort((a, b) => a - b),
        0.99,
      ),
      cpuUs: (after.cpuUs - before.cpuUs) / delivered,
      clientCpuUs: (cpu.user + cpu.system) / delivered,
    });
  }

  forget(): void {
    this.rounds.single.length = 0;
    this.rounds.burst.length = 0;
  }

  async stop(): Promise<void> {
    this.swarm.close();
    await this.#server.stop();
  }

  /** Sends webhooks together; milliseconds after which each session had all of them, in order. */
  async #send(connections: readonly HttpConnection[], requests: readonly Buffer[]): Promise<Float64Array> {
    const arriving = this.swarm.expect(requests.length);
    const sentAt = performance.now();
    const answers = requests.map((request, index) => connections[index]?.post(request));
    const [arrivals] = await Promise.all([arriving, ...answers]);
    return arrivals.map((moment) => moment - sentAt);
  }
}

async function ask({servers, progress}: Run): Promise<Section> {
  const sessions = allowedSessions(2 * SESSIONS) / 2;
  const size = Math.floor(sessions);
  const gateway = new Subject('gateway', await servers.gateway(), GATEWAY_GREETINGS);
  const peer = new Subject('peer', await servers.expressPeer(), 0);
  const subjects = [gateway, peer];
  for (const {name, swarm} of subjects) {
    progress(`opening ${size} sessions on the ${name}`);
    await swarm.grow(size);
  }
  progress('warming up');
  for (const subject of subjects) {
    await subject.round('single', WARM_UP_EVENTS);
    await subject.round('burst', WARM_UP_EVENTS / BURST);
    subject.forget();
  }
  for (const kind of ['single', 'burst'] as const) {
    await inRounds(ROUNDS[kind], async (round) => {
      progress(`${kind === 'single' ? 'single events' : 'bursts'}, round ${round}`);
      for (const subject of subjects) await subject.round(kind, COUNTS[kind]);
    });
  }
  for (const subject of subjects) await subject.stop();
  const clientCpu = figure(gateway.rounds.single.map(({clientCpuUs}) => clientCpuUs));
  const last = figure(gateway.rounds.single.map(({lastMs}) => lastMs));
  return {
    title: `An event to ${size.toLocaleString('en-US')} sessions`,
    compared: [
      `Milliseconds from writing a signed webhook to the moment the first, the median and the last of ${size.toLocaleString('en-US')} sessions`,
      'have received it: medians over the events of a round, and the p99 of the last. In a burst ten calls change at once,',
      'and a session counts when it has all ten. The gateway writes to disk first; the peer is an Express webhook with',
      '`validateRequest`, one `JSON.stringify`, and `ws` `send` to each. The clients are bare TCP sockets in another process,',
      `which read frame headers only: they cost ${number(clientCpu.median)} µs of CPU a message themselves.`,
      `Rounds: ${gateway.rounds.single.length} of ${COUNTS.single} events, ${gateway.rounds.burst.length} of ${COUNTS.burst} bursts.`,
    ],
    tables: [
      kindTable('single events', 'single', subjects, peer),
      kindTable('bursts of ten', 'burst', subjects, peer),
    ],
    targets: [
      {
        wanted: `${SESSIONS.toLocaleString('en-US')} sessions see an event within ${TARGET_MS} ms of the webhook (the last of them, at the median)`,
        measured: last.median,
        limit: TARGET_MS,
        unit: 'ms',
      },
    ],
  };
}

function kindTable(title: string, kind: Kind, subjects: readonly Subject[], peer: Subject): Table {
  const of = (subject: Subject, key: keyof Round) => figure(subject.rounds[kind].map((round) => round[key]));
  return {
    head: [
      title,
      'first, ms',
      'median, ms',
      'last, ms',
      'last p99, ms',
      'CPU µs per message',
      'CPU of the peer',
    ],
    rows: subjects.map((subject) => [
      subject.name,
      show(of(subject, 'firstMs')),
      show(of(subject, 'medianMs')),
      show(of(subject, 'lastMs')),
      show(of(subject, 'lastP99Ms')),
      show(of(subject, 'cpuUs')),
      subject === peer ? '1' : ratio(of(subject, 'cpuUs'), of(peer, 'cpuUs')),
    ]),
  };
}
