/** Measures the CPU of one webhook at a moderate rate, and what each session adds. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
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
/** CPU of a callback, relative to the peer with the same durability. */
const TARGET_SHARE = 1;
/** Time to settle after the sessions of the previous round were closed and the new ones opened. */
const SETTLE_MS = 200;

export const price: Benchmark = {name: 'price', deadlineS: 200, estimateS: 110, run};

interface Measured {
  readonly cpuUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

class Contestant {
  readonly title: string;
  /** For each number of sessions, one measurement per round. */
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

  /** Measures one round with this number of sessions. */
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

  /** CPU microseconds of an event without sessions, and of each session. */
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

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const gateway = new Contestant('gateway', await servers.gateway(), gatewayDialect);
  const peer = new Contestant('durable peer', await servers.durablePeer(), plainDialect);
  const contestants = [gateway, peer];
  progress('warming up');
  for (const contestant of contestants) await contestant.warmUp();
  await inRounds(ROUNDS, async (round) => {
    // The order alternates so that a machine that gets busier is unfair to neither.
    const order = round % 2 === 0 ? contestants.toReversed() : contestants;
    for (const sessions of SESSIONS) {
      progress(`round ${round}, ${sessions} sessions`);
      for (const contestant of order) await contestant.measure(sessions);
    }
  });
  for (const contestant of contestants) await contestant.stop();
  const shares = SESSIONS.map((sessions) => sharesOf(gateway, peer, sessions));
  return {
    title: 'Cost of one webhook',
    method: [
      `Signed status callbacks of 1.4 kB at ${PER_SECOND}/s with random gaps over ${CONNECTIONS} keep-alive connections. Every session receives every event.`,
      'The peer has the same durability: Express, `urlencoded`, the Twilio SDK’s `validateRequest`, one SQLite transaction per webhook (`synchronous=FULL`), then `ws` `send` to each session.',
      'It has no resume, users or limits, and waits for the disk on its only thread.',
      `The ratio is the median of the rounds’ ratios. Rounds: ${shares[0]?.rounds} of ${CALLBACKS} callbacks for each number of sessions.`,
      'Second table: the least-squares fit of `event + session × sessions` to all rounds.',
    ],
    tables: [costTable(contestants, shares), priceTable(contestants)],
    targets: [
      {
        goal: `a callback without sessions costs at most ${TARGET_SHARE} × the peer, at ${PER_SECOND}/s`,
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
  /** The gateway's CPU divided by the peer's. */
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
      'gateway / peer',
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
    head: ['CPU µs', 'one event', 'each session'],
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
