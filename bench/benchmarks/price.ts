/** What does one webhook cost at a moderate rate, and what does each session add to it? */

import type {Benchmark, Run} from '../benchmark.ts';
import {callbackStatuses, signedCallbacks} from '../load/callbacks.ts';
import {type Dialect, gatewayDialect, plainDialect} from '../load/dialect.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {collectGarbage} from '../load/limits.ts';
import {inRounds} from '../load/rounds.ts';
import {SessionSwarm} from '../load/session-swarm.ts';
import {postAllOut, postAtRate} from '../load/webhook-load.ts';
import {fit} from '../report/least-squares.ts';
import {number, type Section, show, type Table} from '../report/section.ts';
import {type Figure, figure, percentile} from '../report/statistics.ts';
import type {ServerProcess} from '../servers/server-process.ts';

const PER_SECOND = 200;
const CONNECTIONS = 32;
const CONCURRENT_CALLS = 2 * CONNECTIONS;
/** Every call ends: of one that stays in progress the gateway asks Twilio, again and again, and the peer does not. */
const CALLBACKS = 2 * CONCURRENT_CALLS * callbackStatuses.length;
const WARM_UP = 8 * CALLBACKS;
const SESSIONS = [0, 1, 10, 100] as const;
const ROUNDS = {most: 5, budgetS: 90};
/** CPU of a callback, to that of the peer that does the same work. */
const TARGET_SHARE = 1;
/** After the sessions of the round before were closed, and those of this one opened. */
const SETTLE_MS = 200;

export const price: Benchmark = {name: 'price', deadlineS: 200, estimateS: 110, ask};

interface Measured {
  readonly cpuUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

class Contestant {
  readonly title: string;
  /** One list for each number of sessions, a figure for each round. */
  readonly rounds = new Map<number, Measured[]>(SESSIONS.map((sessions) => [sessions, []]));
  readonly #server: ServerProcess;
  readonly #dialect: Dialect;

  constructor(title: string, server: ServerProcess, dialect: Dialect) {
    this.title = title;
    this.#server = server;
    this.#dialect = dialect;
  }

  async warmUp(): Promise<void> {
    const connections = await this.#connect();
    await postAllOut(connections, this.#requests(WARM_UP));
    for (const connection of connections) connection.close();
  }

  /** One round with so many sessions. */
  async measure(sessions: number): Promise<void> {
    const swarm = new SessionSwarm({port: this.#server.port, dialect: this.#dialect});
    await swarm.grow(sessions);
    const connections = await this.#connect();
    const requests = this.#requests(CALLBACKS);
    await pause(SETTLE_MS);
    collectGarbage();
    const arrived = sessions === 0 ? undefined : swarm.follow(CALLBACKS);
    const before = await this.#server.usage();
    const latencies = await postAtRate(connections, requests, PER_SECOND);
    await arrived;
    const after = await this.#server.usage();
    for (const connection of connections) connection.close();
    swarm.close();
    this.rounds.get(sessions)?.push({
      cpuUs: (after.cpuUs - before.cpuUs) / CALLBACKS,
      userUs: (after.userUs - before.userUs) / CALLBACKS,
      systemUs: (after.systemUs - before.systemUs) / CALLBACKS,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
    });
  }

  of(sessions: number, key: keyof Measured): Figure {
    return figure((this.rounds.get(sessions) ?? []).map((round) => round[key]));
  }

  /** What an event costs that nobody is told of, and what each session adds, in microseconds of CPU. */
  prices(): {readonly eventUs: number; readonly sessionUs: number} {
    const equations = [...this.rounds].flatMap(([sessions, rounds]) =>
      rounds.map(({cpuUs}) => ({factors: [1, sessions], value: cpuUs})),
    );
    const [eventUs = Number.NaN, sessionUs = Number.NaN] = fit(equations);
    return {eventUs, sessionUs};
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  #connect(): Promise<HttpConnection[]> {
    return HttpConnection.openSeveral(this.#server.port, CONNECTIONS);
  }

  #requests(count: number): Buffer[] {
    return signedCallbacks({port: this.#server.port, count, concurrentCalls: CONCURRENT_CALLS});
  }
}

async function ask({servers, progress}: Run): Promise<Section> {
  const gateway = new Contestant('gateway', await servers.gateway(), gatewayDialect);
  const peer = new Contestant('same-work peer', await servers.durablePeer(), plainDialect);
  const contestants = [gateway, peer];
  progress('warming up');
  for (const contestant of contestants) await contestant.warmUp();
  await inRounds(ROUNDS, async (round) => {
    // The one that begins changes with the round, so that a machine that gets busier is unfair to neither.
    const order = round % 2 === 0 ? contestants.toReversed() : contestants;
    for (const sessions of SESSIONS) {
      progress(`round ${round}, ${sessions} sessions`);
      for (const contestant of order) await contestant.measure(sessions);
    }
  });
  for (const contestant of contestants) await contestant.stop();
  const shares = SESSIONS.map((sessions) => sharesOf(gateway, peer, sessions));
  return {
    title: 'The price of one webhook',
    compared: [
      `Signed status callbacks of 1.4 kB at ${PER_SECOND}/s with random gaps over ${CONNECTIONS} keep-alive connections, and sessions that are each told of every event.`,
      'The peer does the same work: Express, `urlencoded`, `validateRequest` of the Twilio SDK, one SQLite transaction for each webhook',
      'with `synchronous=FULL`, then `send` of `ws` to each session. It stores the event and the state of its call; it has no resume, no users',
      'and no limits, and waits for the disk on its only thread. CPU is that of the server process, all threads. The ratio is taken within',
      `each round, then its median. Rounds: ${shares[0]?.rounds} of ${CALLBACKS} callbacks for each number of sessions.`,
      'The second table fits `event + session × sessions` to all rounds: what an event costs that nobody is told of, and what each session adds.',
    ],
    tables: [costTable(contestants, shares), priceTable(contestants)],
    targets: [
      {
        wanted: `a callback that no session is told of costs at most ${TARGET_SHARE} × the same-work peer, at ${PER_SECOND}/s`,
        measured: shares[0]?.share.median ?? Number.NaN,
        limit: TARGET_SHARE,
        unit: '×',
      },
    ],
  };
}

interface Shares {
  readonly sessions: number;
  readonly rounds: number;
  /** Of the gateway's CPU to the peer's. */
  readonly share: Figure;
}

function sharesOf(gateway: Contestant, peer: Contestant, sessions: number): Shares {
  const theirs = peer.rounds.get(sessions) ?? [];
  const ours = gateway.rounds.get(sessions) ?? [];
  const ratios = ours.map(({cpuUs}, round) => cpuUs / (theirs[round]?.cpuUs ?? Number.NaN));
  return {sessions, rounds: ours.length, share: figure(ratios)};
}

function costTable(contestants: readonly Contestant[], shares: readonly Shares[]): Table {
  return {
    head: [
      'sessions, server',
      'CPU µs per callback',
      'user',
      'system',
      'p50, ms',
      'p99, ms',
      'gateway to peer',
    ],
    rows: shares.flatMap(({sessions, share}) =>
      contestants.map((contestant, index) => [
        `${sessions}, ${contestant.title}`,
        show(contestant.of(sessions, 'cpuUs')),
        number(contestant.of(sessions, 'userUs').median),
        number(contestant.of(sessions, 'systemUs').median),
        number(contestant.of(sessions, 'p50Ms').median),
        number(contestant.of(sessions, 'p99Ms').median),
        index === 0 ? `${show(share)} ×` : '1',
      ]),
    ),
  };
}

function priceTable(contestants: readonly Contestant[]): Table {
  return {
    head: ['CPU µs', 'one event', 'each session adds'],
    rows: contestants.map((contestant) => {
      const {eventUs, sessionUs} = contestant.prices();
      return [contestant.title, number(eventUs), number(sessionUs)];
    }),
  };
}

function pause(ms: number): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  return promise;
}
